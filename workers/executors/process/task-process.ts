/**
 * One process group behind a gate: it is there, found by pid and start time, before anything of the author's is
 * executed; a word on its gate lets it go, the end of the product's process closes the gate unopened.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { constants, openSync, closeSync } from 'node:fs'
import { readFile, readdir } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'
import type { Host } from './host.ts'

/** `read` fails at the end of file: without the word nothing is executed. */
const gate = 'read go <&3 || exit 0; exec 3<&-; exec "$@"'

export interface TaskProcess {
  child: ChildProcess
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

/** Sends to the whole group; one that is gone is fine. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal)
  } catch {
    // Nobody of the group is left.
  }
}

/** @throws when it cannot be started at all */
export async function startBehindGate(
  host: Host,
  folder: string,
  cwd: string,
  argv: string[],
  env: Record<string, string>,
): Promise<TaskProcess> {
  const fifo = join(folder, 'log')
  await promisify(execFile)('mkfifo', ['-m', '600', fifo])
  const reading = openSync(fifo, constants.O_RDONLY | constants.O_NONBLOCK)
  const writing = openSync(fifo, constants.O_WRONLY)
  // A pipe, not Node's socket pair: programs may open /dev/stderr again. As root the tasks' user must own it for that.
  if (host.uid !== null) await promisify(execFile)('chown', [`${host.uid}:${host.uid}`, fifo])
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
  } finally {
    closeSync(writing)
  }
  const output = new Socket({ fd: reading, readable: true, writable: false })
  output.pause()
  const exited = new Promise<{ code: number | null; signal: string | null }>((done) => {
    child.once('error', () => done({ code: 126, signal: null }))
    child.once('exit', (code, signal) => done({ code, signal }))
  })
  const word = child.stdio[3] as Writable
  word.on('error', () => {})
  const pid = child.pid ?? 0
  return {
    child,
    pid,
    startTime: pid === 0 ? null : await startTimeOf(pid),
    output,
    open: () => word.end('go\n'),
    closeGate: () => word.destroy(),
    exited,
  }
}

/** Resident bytes of a process group. */
export async function groupMemory(group: number): Promise<number> {
  let pages = 0
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name)) continue
    const text = await readFile(`/proc/${name}/stat`, 'utf8').catch(() => null)
    const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
    if (fields?.[2] === String(group)) pages += Number(fields[21])
  }
  return pages * 4096
}

/** Processes whose environment names one of these attempts: also those that left their group. */
export async function markedProcesses(attemptIds: ReadonlySet<string>): Promise<number[]> {
  const found: number[] = []
  for (const name of await readdir('/proc').catch(() => [])) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
    const text = await readFile(`/proc/${name}/environ`, 'latin1').catch(() => '')
    const id = /(?:^|\0)DAGBOK_ATTEMPT_ID=([^\0]*)/.exec(text)?.[1]
    if (id !== undefined && attemptIds.has(id)) found.push(Number(name))
  }
  return found
}
