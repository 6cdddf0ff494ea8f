/** For tests: repositories, a scheduler and a real executor on one database, without a web process. */
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '#db/client.ts'
import { defaultQueue, registerWorker } from '#db/queries/worker.ts'
import { liveChannel } from '#db/queries/live.ts'
import { postgresStore } from '#db/scheduling-store.ts'
import { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import { logChunks } from '#db/queries/log.ts'
import { readBytes } from '#server/storage/logs/log-reader.ts'
import type { AttemptSink } from '../executors/executor.ts'
import { realEffects } from '../scheduler/effects.ts'
import { Scheduler } from '../scheduler/scheduler.ts'
import { processCrew, type Crew, type Place } from './crew.ts'

export interface Workshop {
  hosted: Hosted
  /** Folder below which the attempts lie. */
  runtime: () => string
  /** Tasks whose start gate stays shut, whatever the scheduler says. */
  shut: Set<string>
  /** What the executor writes to. */
  sink: AttemptSink
  /** The executor dies without a word, and another one takes its place. */
  crash: () => Promise<void>
  /** The executor is stopped in order, with no time for what runs, and started again. */
  restart: () => Promise<void>
  /** Waits for the end of the runs of a DAG, and gives the newest. */
  ended: (dag: string, version: number) => Promise<{ id: string; state: string }>
  /** Waits until a query gives a row. */
  until: <T>(look: () => Promise<T | null | undefined>) => Promise<T>
  /** The log of the attempt `n` of a task of a run; without a number, of its last one. */
  log: (runId: string, task: string, n?: number) => Promise<string>
  close: () => Promise<void>
}

/** What the scheduler of the moment says, except where a gate was shut. */
function sinkOf(db: Database, scheduler: () => Scheduler, shut: ReadonlySet<string>): AttemptSink {
  return {
    submitted: (token, handle) => scheduler().sink.submitted(token, handle),
    passGate: async (token, handle) => {
      const [row] = await db.client<{ task: string }[]>`
        select t.task from attempt a join task_run t on t.id = a.task_run_id where a.token = ${token}`
      return !shut.has(row?.task ?? '') && scheduler().sink.passGate(token, handle)
    },
    appendLog: (token, chunk) => scheduler().sink.appendLog(token, chunk),
    ended: (token, end) => scheduler().sink.ended(token, end),
    heartbeat: (tokens) => scheduler().sink.heartbeat(tokens),
  }
}

/** A folder that processes of tasks and of programs may enter. */
export async function makeRuntime(folder: string): Promise<string> {
  const runtime = join(process.getuid?.() === 0 ? '/var/lib/dagbok' : folder, `test-${randomUUID()}`)
  await mkdir(runtime, { recursive: true })
  await chmod(runtime, 0o711)
  return runtime
}

/** @param hire who carries out the attempts */
export async function openWorkshop(
  db: Database,
  hire: (place: Place) => Promise<Crew> = processCrew,
): Promise<Workshop> {
  const hosted = await startHosted(db)
  const runtime = await makeRuntime(hosted.folder)
  const shut = new Set<string>()
  let scheduler: Scheduler
  let crew: Crew
  const sink = sinkOf(db, () => scheduler, shut)
  const begin = async () => {
    const workerId = randomUUID()
    await registerWorker(db, { id: workerId, host: 'test', pid: process.pid, queues: [defaultQueue] })
    const secrets = new SecretsOfAttempts(db, hosted.ctx.secrets)
    scheduler = new Scheduler(postgresStore(db), hosted.ctx.log, workerId, hosted.ctx.artifacts, {
      ...realEffects,
      secrets: (runId, names) => secrets.values(runId, names),
    })
    crew = await hire({ db, hosted, runtime, scheduler, sink, workerId })
  }
  const end = async (graceMs: number) => {
    await scheduler.stop()
    await crew.stop(graceMs)
  }
  await begin()
  const { until, deafen } = await listenTo(db)
  return {
    hosted,
    runtime: () => crew.runtime,
    shut,
    sink,
    crash: () => crew.crash(),
    restart: async () => {
      await end(0)
      await begin()
    },
    until,
    ...readers(db, hosted, until),
    close: async () => {
      await end(1000)
      await deafen()
      await hosted.close()
      await rm(runtime, { recursive: true, force: true })
    },
  }
}

async function listenTo(db: Database): Promise<{ until: Workshop['until']; deafen: () => Promise<void> }> {
  const waiting = new Set<() => void>()
  const subscription = await db.client.listen(liveChannel, () => {
    for (const look of waiting) look()
  })
  const until: Workshop['until'] = async (look) => {
    for (;;) {
      let wake = () => {}
      const woken = new Promise<void>((done) => (wake = done))
      waiting.add(wake)
      const found = await look()
      if (found !== null && found !== undefined) {
        waiting.delete(wake)
        return found
      }
      await woken
      waiting.delete(wake)
    }
  }
  return { until, deafen: () => subscription.unlisten() }
}

function readers(db: Database, hosted: Hosted, until: Workshop['until']): Pick<Workshop, 'ended' | 'log'> {
  const ended: Workshop['ended'] = (dag, version) =>
    until(async () => {
      const rows = await db.client<{ id: string; state: string }[]>`
        select r.id, r.state from run r join dag d on d.id = r.dag_id join version v on v.id = r.version_id
        where d.name = ${dag} and v.number = ${version} order by r.number desc`
      return rows.every((row) => ['succeeded', 'failed', 'cancelled'].includes(row.state)) ? rows[0] : null
    })
  const log: Workshop['log'] = async (runId, task, n) => {
    const [row] = await db.client<{ id: string }[]>`
      select a.id from attempt a join task_run t on t.id = a.task_run_id
      where a.run_id = ${runId} and t.task = ${task} and a.n = coalesce(${n ?? null}::int, a.n) order by a.n desc limit 1`
    const chunks = await logChunks(db, row?.id ?? '')
    const parts: Buffer[] = []
    for await (const part of readBytes(hosted.ctx.artifacts, chunks, 0, Infinity)) parts.push(part)
    return Buffer.concat(parts).toString()
  }
  return { ended, log }
}
