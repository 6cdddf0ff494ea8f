/**
 * One process group behind a gate: it is there, found by pid and start time, before anything of the author's is
 * executed; a word on its gate lets it go, the end of the product's process closes the gate unopened.
 */
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import type { Host } from './host.ts'
import type { Spawned } from './spawner/spawner.ts'

/** `read` fails at the end of file: without the word nothing is executed. */
const gate = 'read go <&3 || exit 0; exec 3<&-; exec "$@"'

/** One that waits at its gate for a word that is known; `by` as for `Spawned`. */
export type TaskProcess = Omit<Spawned, 'open' | 'ready'> & { open: (by?: number) => void }

/** Clock ticks since boot at which a process began; null when it is gone. */
export async function startTimeOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

/** Sends to processes that may be gone, which is fine. A negative pid is a group; 0 would be our own. */
export function send(pid: number, signal: NodeJS.Signals): void {
  if (Math.abs(pid) <= 1) throw new Error(`no process of a task has the pid ${pid}`)
  try {
    process.kill(pid, signal)
  } catch {
    // It ended by itself.
  }
}

/** Sends to the whole group. */
export const signalGroup = (pid: number, signal: NodeJS.Signals): void => send(-pid, signal)

/** @throws when it cannot be started at all */
export async function startBehindGate(
  host: Pick<Host, 'pipes' | 'spawner' | 'uid'>,
  cwd: string,
  argv: string[],
  env: Record<string, string>,
): Promise<TaskProcess> {
  const command = { argv: ['/bin/sh', '-c', gate, 'sh', ...argv], cwd, env, uid: host.uid }
  const spawned = await host.spawner.start(command, await host.pipes.take())
  return { ...spawned, open: (by) => spawned.open('go\n', by) }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
  } catch {
    return []
  }
}

/** One look through all processes. */
interface Seen {
  /** Those that are to end. */
  found: number[]
  /** Those that went while they were looked at, or have ended and wait for their parents: what they began may have been passed by. */
  went: Set<number>
}

/** Looks in a row that find nothing but processes that went: where many come and go, none of them need have been one of these. */
const mostIdle = 100

/** Ends what is found until nothing is, and nothing that could have begun more went meanwhile. */
async function endFound(look: () => Promise<Seen>): Promise<void> {
  let before: ReadonlySet<number> = new Set()
  for (let idle = 0; idle < mostIdle;) {
    const { found, went } = await look()
    if (found.length === 0 && [...went].every((pid) => before.has(pid))) return
    idle = found.length === 0 ? idle + 1 : 0
    before = went
    for (const pid of found) send(pid, 'SIGKILL')
    await new Promise((done) => setTimeout(done, 5))
  }
}

/** @param is whether a process is one of those; null: it went */
async function lookThrough(is: (pid: number) => boolean | null): Promise<Seen> {
  const seen: Seen = { found: [], went: new Set() }
  for (const [i, pid] of processIds().entries()) {
    // Files of /proc are in memory: to ask for them one after the other by threads takes ten times as long.
    if (i % 500 === 499) await new Promise((done) => setImmediate(done))
    const answer = pid === process.pid ? false : is(pid)
    if (answer === null) seen.went.add(pid)
    else if (answer) seen.found.push(pid)
  }
  return seen
}

const isGone = (error: unknown): boolean =>
  ['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')

/** What has ended and waits for its parent to hear of it cannot be ended again. */
const isOver = (pid: number): boolean => /\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))

function hasEnded(pid: number): boolean {
  try {
    return isOver(pid)
  } catch (error) {
    return isGone(error)
  }
}

/** PF_KTHREAD of the kernel's include/linux/sched.h, in the flags of proc_pid_stat(5). */
const kernelThread = 0x0020_0000
/**
 * Without an environment of its own for good. All others without one have ended, or are just becoming another program: whose that is
 * only the next look can say.
 */
function isKernels(pid: number): boolean {
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1')
  return (Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[6]) & kernelThread) !== 0
}

/** Ends every process of a user that is nobody else's. Resolves when none is left. */
export async function killOwnedBy(uid: number): Promise<void> {
  const isOwned = (pid: number): boolean | null => {
    try {
      if (statSync(`/proc/${pid}`).uid !== uid) return false
      return isOver(pid) ? null : true
    } catch (error) {
      return isGone(error) ? null : false
    }
  }
  return endFound(() => lookThrough(isOwned))
}

/**
 * Ends every process of the user `uid` (null: of any) whose environment names one of these attempts, also those that left their
 * group. Resolves when none is left.
 */
export async function killMarked(attemptIds: ReadonlySet<string>, uid: number | null): Promise<void> {
  const isMarked = (pid: number): boolean | null => {
    try {
      if (uid !== null && statSync(`/proc/${pid}`).uid !== uid) return false
      const text = readFileSync(`/proc/${pid}/environ`, 'latin1')
      if (text === '') return isKernels(pid) ? false : null
      const id = /(?:^|\0)DAGBOK_ATTEMPT_ID=([^\0]*)/.exec(text)?.[1]
      return id !== undefined && attemptIds.has(id)
    } catch (error) {
      // What has ended has no environment for root, and one that is closed to its own user.
      return isGone(error) || hasEnded(pid) ? null : false
    }
  }
  return endFound(() => lookThrough(isMarked))
}
