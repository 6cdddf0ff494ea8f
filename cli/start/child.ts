/** A process of the product under the supervisor: started, heard when it is ready, restarted when it dies, ended. */
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { childEnvironment } from '#server/config/environment.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { nodeOptions } from '../setup/machine.mjs'

export interface Supervised {
  /** What it said when it was first ready. */
  url: string
  stop: (graceMs: number) => Promise<void>
}

interface Options {
  name: string
  file: string
  env: Record<string, string>
  /** Called once it died for good: it came up and fell five times within a minute. */
  gaveUp: (error: DagbokError) => void
}

/** @param url what it answered at before: users have that address, so it takes the same port again */
const begin = ({ file, env }: Options, url = ''): ChildProcess =>
  fork(file, [], {
    env: childEnvironment({ ...env, ...(url === '' ? {} : { PORT: new URL(url).port }) }),
    execArgv: nodeOptions,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  })

async function untilReady(child: ChildProcess, name: string): Promise<string> {
  return new Promise((ready, fail) => {
    child.on('message', (message) => {
      const said = message as { type?: string; url?: string }
      if (said.type === 'ready') ready(said.url ?? '')
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

/** Starts it and resolves when it is ready. @throws DagbokError `unavailable` when it ends before that */
export async function supervise(options: Options): Promise<Supervised> {
  let stopping = false
  let child = begin(options)
  const falls: number[] = []
  const watch = (watched: ChildProcess) =>
    watched.once('exit', (code, signal) => {
      if (stopping) return
      const now = Date.now()
      falls.push(now)
      if (falls.filter((at) => at > now - 60_000).length >= 5)
        return options.gaveUp(
          new DagbokError(
            'unavailable',
            `The ${options.name} process ended ${falls.length} times, last with ${code ?? signal}. What it printed above says why.`,
          ),
        )
      console.error(`dagbok: the ${options.name} process ended with ${code ?? signal}; starting it again`)
      setTimeout(
        () => {
          if (stopping) return
          child = begin(options, url)
          watch(child)
        },
        200 * 2 ** falls.length,
      )
    })
  const url = await untilReady(child, options.name)
  watch(child)
  const stop = async (graceMs: number) => {
    stopping = true
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    const timer = setTimeout(() => child.kill('SIGKILL'), graceMs)
    await gone
    clearTimeout(timer)
  }
  return { url, stop }
}
