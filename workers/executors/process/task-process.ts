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

/** Processes whose environment names one of these attempts: also those that left their group. */
async function markedProcesses(attemptIds: ReadonlySet<string>, uid: number | null): Promise<number[]> {
  const found: number[] = []
  for (const [i, pid] of processIds().entries()) {
    // Files of /proc are in memory: to ask for them one after the other by threads takes ten times as long.
    if (i % 500 === 499) await new Promise((done) => setImmediate(done))
    const id = pid === process.pid ? undefined : markOf(pid, uid)
    if (id !== undefined && attemptIds.has(id)) found.push(pid)
  }
  return found
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

/** Ends every process of a user that is nobody else's. Resolves when none is left. */
export async function killOwnedBy(uid: number): Promise<void> {
  const isOwned = (pid: number) => {
    try {
      // What has ended and waits for its parent to hear of it cannot be ended again.
      return (
        statSync(`/proc/${pid}`).uid === uid && !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'latin1'))
      )
    } catch {
      return false
    }
  }
  const look = () => processIds().filter(isOwned)
  for (let left = look(); left.length > 0; left = look()) {
    for (const pid of left) send(pid, 'SIGKILL')
    await new Promise((done) => setTimeout(done, 5))
  }
}

/** The attempt that a process' environment names; those of other users than `uid` are not asked. */
function markOf(pid: number, uid: number | null): string | undefined {
  try {
    if (uid !== null && statSync(`/proc/${pid}`).uid !== uid) return undefined
    const text = readFileSync(`/proc/${pid}/environ`, 'latin1')
    return /(?:^|\0)DAGBOK_ATTEMPT_ID=([^\0]*)/.exec(text)?.[1]
  } catch {
    return undefined
  }
}

/**
 * Ends every process of the user `uid` (null: of any) that carries the mark of one of these attempts. Resolves when none
 * is left.
 */
export async function killMarked(attemptIds: ReadonlySet<string>, uid: number | null): Promise<void> {
  const look = () => markedProcesses(attemptIds, uid)
  for (let left = await look(); left.length > 0; left = await look()) {
    for (const pid of left) send(pid, 'SIGKILL')
    await new Promise((done) => setTimeout(done, 5))
  }
}
