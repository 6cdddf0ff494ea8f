/** A process of the product under the supervisor: started, heard when it is ready, restarted when it dies, ended. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { refusedCode } from '#db/schema-guard.ts'
import { childEnvironment } from '#server/config/environment.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { nodeOptions } from '../setup/machine.mjs'
import { Falls, restartDelay, tooMany } from './falls.ts'

export interface Supervised {
  /** Where it listens, if it does: known before it is ready. */
  url: string
  /** Rejects with a DagbokError `unavailable` when it ends before it is ready. */
  ready: Promise<void>
  stop: (graceMs: number) => Promise<void>
}

interface Options {
  name: string
  file: string
  env: Record<string, string>
  /** Called once it died for good: it came up and fell five times within a minute, or the database refuses it. */
  gaveUp: (error: DagbokError) => void
}

/** @param url what it answered at before: users have that address, so it takes the same port again */
const begin = ({ file, env }: Options, url = ''): ChildProcess =>
  fork(file, [], {
    env: childEnvironment({ ...env, ...(url === '' ? {} : { PORT: new URL(url).port }) }),
    execArgv: nodeOptions,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })

/** Resolves with the address when the child has said one of `words`. */
async function untilSaid(child: ChildProcess, name: string, words: readonly string[]): Promise<string> {
  return new Promise((heard, fail) => {
    child.on('message', (message) => {
      const { type = '', url = '' } = message as { type?: string; url?: string }
      if (words.includes(type)) heard(url)
    })
    child.once('exit', (code, signal) =>
      fail(
        new DagbokError(
          'unavailable',
          `The ${name} process ended with ${code ?? signal} before it was ready.`,
        ),
      ),
    )
  })
}

/** @param fallen how often within a minute; null: it is no use to start it again */
function gone(name: string, fallen: number | null, last: number | string | null): DagbokError {
  const how = fallen === null ? 'for good' : `${fallen} times, last with ${last}`
  return new DagbokError('unavailable', `The ${name} process ended ${how}. What it printed above says why.`)
}

async function end(child: ChildProcess, graceMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGTERM')
  const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
  await exited
  clearTimeout(timer)
}

/** Starts it and resolves when it listens, or is ready. @throws DagbokError `unavailable` when it ends before that */
export async function supervise(options: Options): Promise<Supervised> {
  let stopping = false
  let child = begin(options)
  const falls = new Falls()
  const watch = (watched: ChildProcess) =>
    watched.once('exit', (code, signal) => {
      if (stopping) return
      const fallen = code === refusedCode ? null : falls.note()
      if (fallen === null || fallen >= tooMany)
        return options.gaveUp(gone(options.name, fallen, code ?? signal))
      console.error(`dagbok: the ${options.name} process ended with ${code ?? signal}; starting it again`)
      setTimeout(() => {
        if (stopping) return
        child = begin(options, url)
        watch(child)
      }, restartDelay(fallen))
    })
  const ready = untilSaid(child, options.name, ['ready']).then(
    () => void watch(child),
    // One that is stopped before it was ready has not failed.
    (error: unknown) => (stopping ? new Promise<void>(() => {}) : Promise.reject(error as Error)),
  )
  const url = await untilSaid(child, options.name, ['listening', 'ready']).catch((error: unknown) => {
    ready.catch(() => {})
    throw error
  })
  const stop = (graceMs: number) => {
    stopping = true
    return end(child, graceMs)
  }
  return { url, ready, stop }
}
