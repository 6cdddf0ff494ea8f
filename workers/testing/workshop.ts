/** For tests: repositories, a scheduler and the real process executor on one database, without a web process. */
import { randomUUID } from 'node:crypto'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { Database } from '#db/client.ts'
import { registerWorker } from '#db/queries/attempt.ts'
import { liveChannel } from '#db/queries/live.ts'
import { inheritedByTasks } from '#server/config/environment.ts'
import { gitPath } from '#server/config/git.ts'
import { bundleFiles } from '#server/services/version/bundle-files.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import { logChunks } from '#db/queries/log.ts'
import { readBytes } from '#server/storage/logs/log-reader.ts'
import { Checkouts } from '../executors/process/checkouts.ts'
import { openHost, programFinder } from '../executors/process/host.ts'
import { ProcessExecutor } from '../executors/process/process-executor.ts'
import { Scheduler } from '../scheduler/scheduler.ts'

export interface Workshop {
  hosted: Hosted
  executor: ProcessExecutor
  scheduler: Scheduler
  runtime: string
  /** Waits for the end of the runs of a DAG, and gives the newest. */
  ended: (dag: string, version: number) => Promise<{ id: string; state: string }>
  /** Waits until a query gives a row. */
  until: <T>(look: () => Promise<T | null | undefined>) => Promise<T>
  /** The log of the last attempt of a task of a run. */
  log: (runId: string, task: string) => Promise<string>
  close: () => Promise<void>
}

export async function openWorkshop(db: Database): Promise<Workshop> {
  const hosted = await startHosted(db)
  const runtime = join(process.getuid?.() === 0 ? '/var/lib/dagbok' : hosted.folder, `test-${randomUUID()}`)
  await mkdir(runtime, { recursive: true })
  await chmod(runtime, 0o711)
  const host = await openHost(runtime, gitPath())
  const workerId = randomUUID()
  await registerWorker(db, { id: workerId, host: 'test', pid: process.pid })
  const scheduler = new Scheduler(db, hosted.ctx.log, workerId, hosted.ctx.artifacts)
  const executor = new ProcessExecutor({
    host,
    checkouts: new Checkouts(join(runtime, 'versions'), (versionId) => bundleFiles(hosted.ctx, versionId)),
    artifacts: hosted.ctx.artifacts,
    find: programFinder(host),
    inherited: inheritedByTasks(),
    capacity: 4,
    sink: scheduler.sink,
    released: (token) => scheduler.released(token),
    log: hosted.ctx.log,
    graceMs: 2000,
  })
  await scheduler.start(executor)
  const waiting = new Set<() => void>()
  const subscription = await db.client.listen(liveChannel, () => {
    for (const look of waiting) look()
  })
  const until = async <T>(look: () => Promise<T | null | undefined>): Promise<T> => {
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
  const ended = (dag: string, version: number) =>
    until(async () => {
      const rows = await db.client<{ id: string; state: string }[]>`
        select r.id, r.state from run r join dag d on d.id = r.dag_id join version v on v.id = r.version_id
        where d.name = ${dag} and v.number = ${version} order by r.number desc`
      return rows.every((row) => ['succeeded', 'failed', 'cancelled'].includes(row.state)) ? rows[0] : null
    })
  const log = async (runId: string, task: string) => {
    const [row] = await db.client<{ id: string }[]>`
      select a.id from attempt a join task_run t on t.id = a.task_run_id
      where a.run_id = ${runId} and t.task = ${task} order by a.n desc limit 1`
    const chunks = await logChunks(db, row?.id ?? '')
    const parts: Buffer[] = []
    for await (const part of readBytes(hosted.ctx.artifacts, chunks, 0, Infinity)) parts.push(part)
    return Buffer.concat(parts).toString()
  }
  return {
    hosted,
    executor,
    scheduler,
    runtime,
    ended,
    until,
    log,
    close: async () => {
      await scheduler.stop()
      await executor.stop(1000)
      await subscription.unlisten()
      await hosted.close()
      await rm(runtime, { recursive: true, force: true })
    },
  }
}
