/** A team's secret: its name, which is a variable's, and what its value may be. Pure. */

/** As it is in a task's environment. */
export const secretNamePattern = '^[A-Z_][A-Z0-9_]{0,126}$'
/** Characters of a value. A shorter one would stand in what is no secret, so that logs could not be kept free of it. */
export const shortestSecret = 8
/** Bytes of a value: a key with its certificates has less; and a process takes 128 KiB for a variable. */
export const longestSecret = 32_768
/** Secrets of a team. */
export const mostSecrets = 500
/** Secrets of a task: an object of a cluster holds 1 MiB. */
export const mostOfTask = 15

/** Variables that an executor or a shell gives every task. */
const ofTheSystem: ReadonlySet<string> = new Set(
  'PATH HOME TMPDIR LANG TRACEPARENT PWD OLDPWD SHLVL HOSTNAME _'.split(' '),
)

const namePattern = new RegExp(secretNamePattern)

/** What is wrong with a name, in a sentence without its subject; null: it is one. */
export function secretNameFault(name: string): string | null {
  if (!namePattern.test(name))
    return 'is the name of no secret: write A to Z, 0 to 9 and _, at most 127 characters, no digit first'
  if (name.startsWith('DAGBOK_'))
    return 'is no name for a secret: those that begin with DAGBOK_ are Dagbok’s own'
  if (ofTheSystem.has(name)) return 'is no name for a secret: the machine that runs a task sets it'
  return null
}

/** Says what a key is, and is the same in all of them. */
export const isFrame = (line: string): boolean => /^-----(BEGIN|END) [A-Z0-9 ]+-----$/.test(line)

/** Lines of a value that are long enough to be found, as they are printed: without blanks around them. */
export const linesOf = (value: string): string[] =>
  value
    .split(/\r\n|\r|\n/)
    .map((line) => line.trim())
    .filter((line) => line.length >= shortestSecret && !isFrame(line))

/** A value without the line end that `echo`, an editor or a text field has put behind it. */
export const secretValue = (given: string): string => given.replace(/\r?\n$/, '')

/** What is wrong with a value, in a sentence; null: nothing. */
export function secretValueFault(value: string): string | null {
  if (linesOf(value).length === 0)
    return `The value has no line of ${shortestSecret} characters: logs could not be kept free of it.`
  if (new TextEncoder().encode(value).length > longestSecret)
    return `The value has more than ${longestSecret} bytes: keep it in a file of its own, and a key to that here.`
  if (value.includes('\0')) return 'The value has a NUL in it, and a variable of a process takes none.'
  return null
}
