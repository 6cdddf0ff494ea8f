/** Programs (N9): files that print a spec, and what came of it when one was run. Pure. */
import { keptText } from '../json.ts'
import { faultOf, type Fault } from './fault.ts'

/** A notebook's text; or of a program what it printed, or why it printed nothing. */
export type Text = string | Printed

export type Printed = { printed: string } | { fault: Fault }

export const isProgram = (path: string): boolean => /(^|\/)[^/]+\.dag\.(py|ts)$/.test(path)

/** What runs a program, by its name on the search path. */
export const interpreterOf = (path: string): 'python3' | 'node' => (path.endsWith('.py') ? 'python3' : 'node')

export interface ProgramLimits {
  seconds: number
  /** MB that it and its children hold in memory. */
  memory: number
  /** MB that it prints. */
  output: number
}

/** Why it was ended from outside; null when it ended by itself. */
export type Ended = 'time' | 'memory' | 'output' | 'notes' | null

export interface ProgramEnd {
  ended: Ended
  code: number | null
  signal: string | null
  /** What it printed, at most a little more than it may. */
  stdout: Uint8Array
  /** The last of what it wrote to standard error. */
  stderr: string
}

/** Where it ran: the folder that its repository was laid out in, and which files were there. */
export interface ProgramPlace {
  folder: string
  files: ReadonlySet<string>
}

type Position = Pick<Fault, 'file' | 'line' | 'column'>

/** Characters of a program's own words that are told. */
const longest = 400

/** `/FOLDER/p/a.py` as `p/a.py`, or null when it is not one of the version's files. */
function fileOf(written: string, { folder, files }: ProgramPlace): string | null {
  const path = decode(written.replace(/^file:\/\//, '')).replaceAll('/./', '/')
  const own = path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : null
  return own !== null && files.has(own) ? own : null
}

function decode(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** Python tells the frames from the outermost to the innermost, and then what happened. */
function pythonFailure(
  lines: readonly string[],
  place: ProgramPlace,
): { at: Position | null; words: string } {
  const frames = lines.flatMap((text, i) => {
    const [, path = '', line = ''] = /^ {2}File "(.+)", line (\d+)/.exec(text) ?? []
    const file = path === '' ? null : fileOf(path, place)
    return path === '' ? [] : [{ i, file, line: Number(line) }]
  })
  const own = frames.findLast(({ file }) => file !== null)
  const words = lines
    .slice((frames.at(-1)?.i ?? -1) + 1)
    .find((text) => /^\S/.test(text) && text.trim() !== '')
  const at = own?.file == null ? null : { file: own.file, line: own.line, column: 1 }
  return { at, words: words ?? '' }
}

/** Node tells where it was, what happened, and then the frames from the innermost to the outermost. */
function nodeFailure(lines: readonly string[], place: ProgramPlace): { at: Position | null; words: string } {
  const positions = lines.flatMap((text) => {
    const [, path = '', line = '', column = ''] =
      /^ +at (?:.* \()?((?:file:\/\/)?\/.+?):(\d+):(\d+)\)?$/.exec(text) ?? []
    const file = path === '' ? null : fileOf(path, place)
    return file === null ? [] : [{ file, line: Number(line), column: Number(column) }]
  })
  const head = lines.flatMap((text, i) => {
    const [, path = '', line = ''] = /^((?:file:\/\/)?\/.+):(\d+)$/.exec(text) ?? []
    const file = path === '' ? null : fileOf(path, place)
    const caret = (lines[i + 2] ?? '').search(/\^/)
    return file === null ? [] : [{ file, line: Number(line), column: Math.max(caret, 0) + 1 }]
  })
  const words = lines.find((text) => /^(?:Uncaught )?(?:[\w$]*(?:Error|Exception)\b.*|'.*')/.test(text))
  return { at: head[0] ?? positions[0] ?? null, words: words ?? '' }
}

/** Its own last words, with paths as the repository has them. */
function failure(path: string, stderr: string, place: ProgramPlace): { at: Position; words: string } {
  const lines = stderr.replaceAll('\r', '').split('\n')
  const read = interpreterOf(path) === 'python3' ? pythonFailure : nodeFailure
  const { at, words } = read(lines, place)
  const said =
    words === ''
      ? (lines.findLast((text) => text.trim() !== '' && !/^Node\.js v|^\(Use /.test(text)) ?? '')
      : words
  const around = place.folder.slice(0, place.folder.lastIndexOf('/'))
  // Beside the checkout lies the scratch folder.
  const folders = [place.folder, ...(around === '' ? [] : [around])]
  const own = folders
    .reduce((text, folder) => text.replaceAll(`file://${folder}/`, '').replaceAll(`${folder}/`, ''), said)
    .trim()
  return { at: at ?? { file: path, line: 1, column: 1 }, words: own.slice(0, longest) }
}

function wordsOfEnd(end: ProgramEnd, limits: ProgramLimits): string | null {
  const { seconds, memory, output } = limits
  if (end.ended === 'notes') return 'it writes more than 64 MB to standard error'
  if (end.ended === 'time')
    return `it takes more than ${seconds} s: a program that prints a spec only says what the tasks will do`
  if (end.ended === 'memory' || /out of memory\b|Failed to allocate memory|^MemoryError/im.test(end.stderr))
    return `it takes more than ${memory} MB of memory: leave the work to the tasks`
  if (end.ended === 'output') return `it prints more than ${output} MB: a spec has ${output} MB at most`
  return null
}

const decoder = new TextDecoder('utf-8', { fatal: true })

function printedText(bytes: Uint8Array): { text: string } | { fault: string } {
  let text: string
  try {
    text = decoder.decode(bytes)
  } catch {
    return { fault: 'what it prints is not valid UTF-8' }
  }
  if (text.includes('\0')) return { fault: 'what it prints holds a NUL character: a spec is text' }
  if (text.trim() === '')
    return { fault: 'it ended well and printed nothing: print the spec to standard output, as JSON or YAML' }
  return { text }
}

/** What came of a program that was run: what it printed, or one fault, where its own traceback says if it has one. */
export function verdictOf(
  path: string,
  end: ProgramEnd,
  limits: ProgramLimits,
  place: ProgramPlace,
): Printed {
  const whole = wordsOfEnd(end, limits)
  if (whole !== null) return { fault: faultOf(path, `this program was ended: ${whole}`) }
  if (end.code !== 0) {
    const { at, words } = failure(path, end.stderr, place)
    const how = end.signal === null ? `ended with exit code ${end.code}` : `was ended by ${end.signal}`
    const said = words === '' ? 'it said nothing on standard error' : words
    const message = `this program ${how}: ${said}`
    return { fault: { ...at, message: keptText(message) } }
  }
  const printed = printedText(end.stdout)
  return 'fault' in printed
    ? { fault: faultOf(path, `this program gives no spec: ${printed.fault}`) }
    : { printed: printed.text }
}
