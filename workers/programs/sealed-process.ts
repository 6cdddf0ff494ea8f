/** One sealed process: started, watched and ended with all that it began. */
import { spawn, type ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import type { Ended, ProgramEnd, ProgramLimits } from '#server/domain/notebook/program.ts'
import { killMarked, killOwnedBy, signalGroup } from '../executors/process/task-process.ts'
import { UsageMeter } from '../executors/process/usage-meter.ts'
import { sealed, type Sealing } from './seal.ts'

export interface SealedCommand {
  /** Marks its processes. */
  id: string
  argv: readonly string[]
  cwd: string
  env: Record<string, string>
  sealing: Omit<Sealing, 'data'>
  limits: ProgramLimits
  /** Ends it early: then it throws. */
  stop?: AbortSignal
}

/** Bytes of standard error that are kept: its last; and that are taken at all. */
const errorBytes = { kept: 64 * 1024, most: 64 * 2 ** 20 }
/** ms after its end that its output is waited for: what cannot be found may hold it open for ever. */
const drainMs = 1000
/** Beyond the limit of memory: what an interpreter reserves before it does anything. */
const reserved = 512 * 2 ** 20

/** Bytes that one process may take for its data under these limits. */
export const dataOf = ({ memory }: ProgramLimits): number => memory * 2 ** 20 + reserved

function start({ id, argv, cwd, env, sealing, limits }: SealedCommand): ChildProcess {
  const { argv: whole, uid } = sealed({ ...sealing, data: dataOf(limits) }, argv)
  const [command = '', ...args] = whole
  return spawn(command, args, {
    cwd,
    // The types of Next want NODE_ENV in every environment; a program's own has none.
    env: { ...env, DAGBOK_ATTEMPT_ID: id } as unknown as NodeJS.ProcessEnv,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
    ...(uid === null ? {} : { uid, gid: uid }),
  })
}

/** Ends whatever of it is left: the group, and where no namespace ends with it, all that can be found. */
async function endAll({ id, sealing }: SealedCommand, pid: number): Promise<void> {
  signalGroup(pid, 'SIGKILL')
  if (sealing.seal !== 'none') return
  await (sealing.uid === null ? killMarked(new Set([id]), null) : killOwnedBy(sealing.uid))
}

/** A shell in between gives a signal as 128 more than its number. */
function signalOf(code: number | null): string | null {
  const found = Object.entries(constants.signals).find(([, number]) => code === 128 + number)
  return found?.[0] ?? null
}

/** Collects what it prints, as far as it may, and the last of what it complains of. */
function gather(
  stdout: Readable,
  stderr: Readable,
  most: number,
  tooMuch: (what: 'output' | 'notes') => void,
) {
  const [out, errors]: [Buffer[], Buffer[]] = [[], []]
  let [size, notes, kept] = [0, 0, 0]
  stdout.on('data', (chunk: Buffer) => {
    size += chunk.length
    if (size <= most) out.push(chunk)
    else tooMuch('output')
  })
  stderr.on('data', (chunk: Buffer) => {
    notes += chunk.length
    if (notes > errorBytes.most) return tooMuch('notes')
    errors.push(chunk)
    kept += chunk.length
    while (kept - (errors[0]?.length ?? 0) >= errorBytes.kept) kept -= errors.shift()?.length ?? 0
  })
  return () => ({
    stdout: Buffer.concat(out),
    stderr: Buffer.concat(errors).subarray(-errorBytes.kept).toString('utf8'),
  })
}

/** Runs it to its end. @throws when it cannot be sealed or started, or is stopped */
export async function runSealed(command: SealedCommand): Promise<ProgramEnd> {
  const { limits, stop } = command
  stop?.throwIfAborted()
  const child = start(command)
  const { stdout, stderr, pid } = child
  if (pid === undefined || stdout === null || stderr === null)
    return new Promise((_, failed) => child.once('error', failed))
  let ended: Ended = null
  const halt = () => signalGroup(pid, 'SIGKILL')
  const end = (why: Exclude<Ended, null>) => {
    ended ??= why
    halt()
  }
  let begun = false
  const word = child.stdio[3] as Readable
  word.once('data', () => (begun = true))
  const gathered = gather(stdout, stderr, limits.output * 2 ** 20, end)
  const closed = new Promise<void>((done) => child.once('close', () => done()))
  const exited = new Promise<[number | null, string | null]>((done) =>
    child.once('exit', (code, signal) => done([code, signal])),
  )
  stop?.addEventListener('abort', halt)
  const timer = setTimeout(() => end('time'), limits.seconds * 1000)
  const meter = new UsageMeter(pid, (bytes) => bytes > limits.memory * 2 ** 20 && end('memory'), null)
  meter.start()
  const [code, signal] = await exited
  clearTimeout(timer)
  stop?.removeEventListener('abort', halt)
  meter.stop()
  await endAll(command, pid)
  await Promise.race([closed, sleep(drainMs)])
  stdout.destroy()
  stderr.destroy()
  word.destroy()
  stop?.throwIfAborted()
  const said = gathered()
  if (!begun) throw new Error(`it could not be sealed: ${said.stderr.trim() || `exit code ${code}`}`)
  return { ended, code, signal: signal ?? signalOf(code), ...said }
}
