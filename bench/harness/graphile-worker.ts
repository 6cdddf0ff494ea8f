/** The peer of P5: graphile-worker on a Postgres of its own, one worker in this process, listening. */
import type { EmbeddedPostgres } from '#db/embedded/postgres.ts'
import { installPeer } from './peer.ts'

const version = '0.18.0'

/** What is used of it. */
interface Runner {
  addJob: (task: string, payload: unknown) => Promise<unknown>
  addJobs: (jobs: { identifier: string; payload: unknown }[]) => Promise<unknown>
  stop: () => Promise<void>
}

interface Library {
  run: (options: Record<string, unknown>) => Promise<Runner>
  Logger: new (factory: () => () => void) => unknown
}

export interface QueuePeer {
  name: string
  /** ms from the call that adds a job to the first line of the job's code. */
  once: () => Promise<number>
  /** ms from the call that adds `count` jobs to the end of the last one. */
  many: (count: number) => Promise<number>
  stop: () => Promise<void>
}

/** @throws when it cannot be installed */
export async function startGraphileWorker(server: EmbeddedPostgres): Promise<QueuePeer> {
  const { run, Logger } = (await import(
    await installPeer('graphile-worker', version, 'dist/index.js')
  )) as Library
  let began: (at: number) => void = () => {}
  let done: () => void = () => {}
  const runner = await run({
    connectionString: server.url('postgres'),
    noHandleSignals: true,
    logger: new Logger(() => () => {}),
    concurrency: 10,
    taskList: { say: () => began(performance.now()), count: () => done() },
  })
  return {
    name: `graphile-worker ${version}: add_job → start`,
    once: async () => {
      const started = new Promise<number>((resolve) => (began = resolve))
      const start = performance.now()
      await runner.addJob('say', {})
      return (await started) - start
    },
    many: async (count) => {
      let left = count
      const over = new Promise<void>((resolve) => (done = () => void (--left === 0 && resolve())))
      const start = performance.now()
      await runner.addJobs(Array.from({ length: count }, () => ({ identifier: 'count', payload: {} })))
      await over
      return performance.now() - start
    },
    stop: () => runner.stop(),
  }
}
