/** The daemons of a cluster, each inside and each by its pid: started, stopped, signalled, one by one if a test wants. */
import { spawn } from 'node:child_process'
import { openSync } from 'node:fs'
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { childEnvironment } from '#server/config/environment.ts'
import { ClusterError } from './cluster-error.ts'
import { state } from './settings.ts'
import { beginningOf, entering, onlyChild } from './space.ts'
import { until } from './until.ts'

const folder = join(state, 'daemons')
const logs = join(state, 'log')

/** What it is started with, and, while it runs, its process. */
interface Started {
  argv: string[]
  env: Record<string, string>
  pid: number
  began: string
}

const fileOf = (name: string) => join(folder, `${name}.json`)
export const logOf = (name: string): string => join(logs, `${name}.log`)

async function recordOf(name: string): Promise<Started> {
  const text = await readFile(fileOf(name), 'utf8').catch(() => null)
  if (text === null)
    throw new ClusterError(`no '${name}' was ever started: there is ${(await daemons()).join(', ')}`)
  return JSON.parse(text) as Started
}

/** Names of all that were started. */
export const daemons = async (): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).map((name) => name.replace(/\.json$/, '')).toSorted()

/** The pid of a daemon as the machine counts; null when it does not run. */
export async function pidOf(name: string): Promise<number | null> {
  const text = await readFile(fileOf(name), 'utf8').catch(() => null)
  if (text === null) return null
  const { pid, began } = JSON.parse(text) as Started
  return (await beginningOf(pid)) === began ? pid : null
}

/** Starts a daemon that does not run. */
export async function startDaemon(name: string, argv: string[], env: Record<string, string>): Promise<void> {
  if ((await pidOf(name)) !== null) return
  for (const made of [folder, logs]) await mkdir(made, { recursive: true })
  const log = openSync(logOf(name), 'a')
  const [file = '', ...args] = await entering(argv)
  const child = spawn(file, args, { detached: true, env: childEnvironment(env), stdio: ['ignore', log, log] })
  child.unref()
  if (child.pid === undefined) throw new ClusterError(`${name} could not be started`)
  const pid = await onlyChild(child.pid)
  const began = (await beginningOf(pid)) ?? ''
  await writeFile(fileOf(name), JSON.stringify({ argv, env, pid, began } satisfies Started))
}

/** Starts once more what was started before. */
export async function restartDaemon(name: string): Promise<void> {
  const { argv, env } = await recordOf(name)
  await startDaemon(name, argv, env)
}

/** Who started it, and stops and ends with it. */
async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Number(/^PPid:\s+(\d+)$/m.exec(status)?.[1] ?? 0)
}

/** @throws ClusterError when it does not run */
export async function signalDaemon(name: string, signal: NodeJS.Signals): Promise<void> {
  const pid = await pidOf(name)
  if (pid === null) throw new ClusterError(`${name} does not run`)
  process.kill(pid, signal)
  // The nsenter that it was started by stops when it does, and would never see it end.
  if (signal === 'SIGCONT') process.kill(await parentOf(pid), signal)
}

/** Ends a daemon and waits until it is gone. */
export async function stopDaemon(name: string, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if ((await pidOf(name)) === null) return
  await signalDaemon(name, signal)
  await until(`${name} is gone`, async () => ((await pidOf(name)) === null ? true : null))
}

/** Forgets all of them. */
export const forgetDaemons = (): Promise<void> => rm(folder, { recursive: true, force: true })
