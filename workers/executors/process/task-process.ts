/**
 * One process group behind a gate: it is there, found by pid and start time, before anything of the author's is
 * executed; a word on its gate lets it go, the end of the product's process closes the gate unopened.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import type { Writable } from 'node:stream'
import type { Host } from './host.ts'

/** `read` fails at the end of file: without the word nothing is executed. */
const gate = 'read go <&3 || exit 0; exec 3<&-; exec "$@"'

export interface TaskProcess {
  pid: number
  startTime: string | null
  /** Standard output and error, in the order they were written. */
  output: Socket
  open: () => void
  closeGate: () => void
  exited: Promise<{ code: number | null; signal: string | null }>
}

/** Clock ticks since boot at which a process began; null when it is gone. */
export async function startTimeOf(pid: number): Promise<string | null> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null)
  return text?.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? null
}

/** Sends to processes that may be gone, which is fine. A negative pid is a group; 0 would be our own. */
function send(pid: number, signal: NodeJS.Signals): void {
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
  host: Host,
  cwd: string,
  argv: string[],
  env: Record<string, string>,
): Promise<TaskProcess> {
  const { reading, writing } = await host.pipes.take()
  let child: ChildProcess
  try {
    child = spawn('/bin/sh', ['-c', gate, 'sh', ...argv], {
      cwd,
      // The types of Next want NODE_ENV in every environment; a task's own has none.
      env: env as NodeJS.ProcessEnv,
      stdio: ['ignore', writing, writing, 'pipe'],
      detached: true,
      ...(host.uid === null ? {} : { uid: host.uid, gid: host.uid }),
    })
  } catch (error) {
    closeSync(reading)
    throw error
  } finally {
    closeSync(writing)
  }
  const { pid } = child
  if (pid === undefined) {
    closeSync(reading)
    const [fault] = (await once(child, 'error')) as [Error]
    throw fault
  }
  const output = new Socket({ fd: reading, readable: true, writable: false })
  output.pause()
  const exited = new Promise<{ code: number | null; signal: string | null }>((done) => {
    child.once('exit', (code, signal) => done({ code, signal }))
  })
  const word = child.stdio[3] as Writable
  word.on('error', () => {})
  return {
    pid,
    startTime: await startTimeOf(pid),
    output,
    open: () => word.end('go\n'),
    closeGate: () => word.destroy(),
    exited,
  }
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
