/**
 * Failpoints: named places at the boundaries of effects (`NAME.before`, `NAME.after-effect-before-record`,
 * `NAME.after-record`) where the fault tests make this process die, hang or fail. They are read from the environment
 * once, and only when the test switch `DAGBOK_TEST_FAULTS=1` is set; without it `failpoint` does nothing at all.
 *
 * `DAGBOK_FAILPOINTS` is a comma list of `NAME[@SUBJECT][#N]=ACTION`: the N-th time (default the first) that NAME is
 * reached for SUBJECT (default any), once. Actions: `kill` ends the whole product (supervisor, web, workers) with
 * SIGKILL, `error` throws, `hang` never goes on, `skip` asks the caller to leave the effect out (for mutants).
 */
import { readFileSync } from 'node:fs'

const actions = ['kill', 'error', 'hang', 'skip'] as const
type Action = (typeof actions)[number]

export interface Failpoint {
  name: string
  subject: string | null
  /** How many times it is passed before it acts. */
  left: number
  action: Action
}

/** @throws Error that names what cannot be read: a fault test that arms nothing would prove nothing */
export function parseFailpoints(text: string): Failpoint[] {
  return text
    .split(',')
    .filter((part) => part.trim() !== '')
    .map((part) => {
      const match = /^\s*([a-z.-]+)(?:@([^#=]+))?(?:#(\d+))?=([a-z]+)\s*$/.exec(part)
      const action = actions.find((one) => one === match?.[4])
      if (match === null || action === undefined)
        throw new Error(`DAGBOK_FAILPOINTS: '${part}' is not NAME[@SUBJECT][#N]=${actions.join('|')}`)
      return { name: match[1] ?? '', subject: match[2] ?? null, left: Number(match[3] ?? 1) - 1, action }
    })
}

const armed =
  process.env['DAGBOK_TEST_FAULTS'] === '1' ? parseFailpoints(process.env['DAGBOK_FAILPOINTS'] ?? '') : []

/**
 * The supervisor, the web process and the workers are one process group, which a fault test starts as a group of its
 * own. Where the supervisor does not lead the group, other programs would die, too: then nothing is killed.
 */
function killProduct(): never {
  const stat = readFileSync('/proc/self/stat', 'latin1')
  const group = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2])
  if (group !== process.ppid && group !== process.pid)
    throw new Error('failpoint: the supervisor does not lead its process group; start it as one of its own')
  process.kill(-group, 'SIGKILL')
  throw new Error('failpoint: killed')
}

async function act({ name, action }: Failpoint): Promise<boolean> {
  if (action === 'kill') killProduct()
  if (action === 'error') throw new Error(`failpoint ${name}`)
  // A timer keeps the process alive, as a real hanging call would.
  if (action === 'hang') await new Promise(() => setInterval(() => {}, 2 ** 30))
  return true
}

/** Passes a failpoint. Resolves with true when the effect that follows is to be left out. */
export function failpoint(name: string, subject = ''): Promise<boolean> | false {
  if (armed.length === 0) return false
  const at = armed.findIndex(
    (one) => one.name === name && (one.subject ?? subject) === subject && one.left-- === 0,
  )
  const [found] = at < 0 ? [] : armed.splice(at, 1)
  return found === undefined ? false : act(found)
}
