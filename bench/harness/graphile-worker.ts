/** The peer of P5: graphile-worker on a Postgres of its own, one worker in this process, listening. */
import { createRequire } from 'node:module'
import type { EmbeddedPostgres } from '#db/embedded/postgres.ts'
import { installPeer } from './peer.ts'

const version = '0.18.0'

/** What is used of it. */
interface Runner {
  addJob: (task: string, payload: unknown) => Promise<unknown>
  stop: () => Promise<void>
}

interface WorkerUtils {
  addJobs: (jobs: { identifier: string; payload: unknown }[]) => Promise<unknown>
  release: () => Promise<void>
}

interface Emitter {
  on: (event: string, heard: (of: Emitter) => void) => void
}

/** Of `pg`, which it brings along. */
interface Pool extends Emitter {
  end: () => Promise<void>
}

interface Library {
  run: (options: Record<string, unknown>) => Promise<Runner>
  makeWorkerUtils: (options: Record<string, unknown>) => Promise<WorkerUtils>
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

/** A pool of its own it would not wait for when it stops: then Postgres ends first, and that ends us. */
function openPool(library: string, server: EmbeddedPostgres): Pool {
  const pg = createRequire(library)('pg') as { Pool: new (options: object) => Pool }
  const pool = new pg.Pool({ connectionString: server.url('postgres'), max: 10 })
  pool.on('error', () => {})
  pool.on('connect', (client) => client.on('error', () => {}))
  return pool
}

/** @throws when it cannot be installed */
export async function startGraphileWorker(server: EmbeddedPostgres): Promise<QueuePeer> {
  const library = await installPeer('graphile-worker', version, 'dist/index.js')
  const { run, makeWorkerUtils, Logger } = (await import(library)) as Library
  const pgPool = openPool(library, server)
  let began: (at: number) => void = () => {}
  let done: () => void = () => {}
  const options = { pgPool, logger: new Logger(() => () => {}) }
  const runner = await run({
    ...options,
    noHandleSignals: true,
    concurrency: 10,
    taskList: { say: () => began(performance.now()), count: () => done() },
  })
  const utils = await makeWorkerUtils(options)
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
      await utils.addJobs(Array.from({ length: count }, () => ({ identifier: 'count', payload: {} })))
      await over
      return performance.now() - start
    },
    stop: async () => {
      await runner.stop()
      await utils.release()
      await pgPool.end()
    },
  }
}
