/** Why a date that is due has no run yet, and what triggers did not start, said of what the real enqueuers leave. */
import { pino } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { postgresStore } from '#db/scheduling-store.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { defaultQueue, registerWorker } from '#db/queries/worker.ts'
import { advanceBackfill } from '#server/services/backfill/advance-backfill.ts'
import { createBackfill } from '#server/services/backfill/create-backfill.ts'
import { pauseBackfill } from '#server/services/backfill/pause-backfill.ts'
import { listBackfillDates, listBackfills } from '#server/services/backfill/read-backfill.ts'
import { resumeBackfill } from '#server/services/backfill/resume-backfill.ts'
import { requireDag } from '#server/services/dag/address.ts'
import { dagDetail } from '#server/services/dag/list-dags.ts'
import { pauseDag } from '#server/services/dag/pause-dag.ts'
import type { Actor } from '#server/services/actor.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import { oneTask, owner, putAtTip } from '../testing/tips.ts'
import { CronEnqueuer } from './cron-enqueuer.ts'

const { database } = testDatabase()
let hosted: Hosted
let actor: Actor
beforeAll(async () => {
  hosted = await startHosted(database())
  actor = await owner(database())
  const id = '00000000-0000-4000-8000-000000000001'
  await registerWorker(database(), { id, host: 'test', pid: 1, queues: [defaultQueue] })
})
afterAll(() => hosted.close())

const enqueue = () => new CronEnqueuer(postgresStore(database()), pino({ level: 'silent' })).look(new Date())
const refOf = (dag: string) => ({ team: 'main', repo: 'w', dag })
const detail = async (name: string) =>
  dagDetail(hosted.ctx, await requireDag(hosted.ctx, actor, refOf(name), 'run:read'))
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000)

test('dates that a schedule catches up on say that the queue is full, who is in it, and how many there are', async () => {
  const front = 'schedule: {cron: "0 0 * * *", catchup: true}\nlimits: {max_active_runs: 2}\n'
  const { dagId } = await putAtTip(database(), 'w', 'late', oneTask('late', front), daysAgo(6))
  expect((await detail('late')).heldDates).toMatchObject([
    { dates: 6, whyNotRunning: { sentence: 'A scheduler makes its run in a moment.' } },
  ])
  await enqueue()
  const [held] = (await detail('late')).heldDates
  const rows = await database().client<{ at: string }[]>`
    select max(logical_date) as at from run where dag_id = ${dagId}`
  expect(held).toMatchObject({
    schedule: '0 0 * * * UTC',
    logicalDate: new Date(Date.parse(String(rows[0]?.at)) + 86_400_000).toISOString(),
    dates: 4,
    more: false,
    whyNotRunning: {
      sentence:
        '2 scheduled runs of this version of late wait for their start, as many as may (max_active_runs 2): run 1 and run 2. The next date gets its run when one of them starts.',
      links: [{ text: 'run 1' }, { text: 'run 2' }],
    },
  })
  expect(held?.whyNotRunning.links[0]?.url).toMatch(/\/main\/w\/late\/runs\/1$/)
  await pauseDag(hosted.ctx, actor, refOf('late'))
  expect((await detail('late')).heldDates[0]?.whyNotRunning.sentence).toBe(
    'late is paused: each date since then gets its run when it is resumed.',
  )
})

test('a paused schedule that does not catch up has one date that is held back, the newest', async () => {
  const front = 'schedule: {cron: "0 0 * * *"}\n'
  await putAtTip(database(), 'w', 'newest', oneTask('newest', front), daysAgo(3))
  await pauseDag(hosted.ctx, actor, refOf('newest'))
  expect((await detail('newest')).heldDates).toMatchObject([{ dates: 1 }])
})

test('each date of a backfill says why it has no run: concurrency, max_active_runs behind it, order, pause', async () => {
  const front = 'schedule: {cron: "0 6 * * *"}\nlimits: {max_active_runs: 1}\n'
  await putAtTip(database(), 'w', 'fill', oneTask('fill', front))
  const range = {
    schedule: 1,
    from: '2026-01-01',
    to: '2026-01-04',
    reprocess: 'none',
    order: 'oldest',
  } as const
  const ref = refOf('fill')
  const { id, number } = await createBackfill(hosted.ctx, actor, {
    ref,
    ...range,
    concurrency: 2,
    params: {},
  })
  const dag = await requireDag(hosted.ctx, actor, ref, 'run:read')
  const sentences = async (offset = 0) =>
    (await listBackfillDates(hosted.ctx, dag, number, { offset, limit: 9 })).map(
      ({ whyNotRunning }) => whyNotRunning?.sentence ?? null,
    )
  const soon = 'A scheduler makes its run in a moment.'
  const turn = (n: number) => `${n} dates of backfill 1 come first (oldest first), and 2 may have a run now.`
  expect(await sentences()).toEqual([soon, soon, turn(2), turn(3)])
  expect(await sentences(3)).toEqual([turn(3)])

  await database().transaction((tx) => advanceBackfill(tx, id))
  await database().client`update run set state = 'running' where dag_id = ${dag.id} and number = 1`
  const waits = '1 of 1 runs of this version of fill are running (max_active_runs 1): run 1.'
  const full = '2 of 2 runs of backfill 1 are under way (concurrency 2): run 1 and run 2.'
  const [first, second, third, fourth] = await sentences()
  expect([first, third, fourth]).toEqual([null, full, `${full} 1 date of it comes first (oldest first).`])
  expect(second).toContain(waits)
  expect((await listBackfills(hosted.ctx, dag))[0]?.whyNotRunning?.sentence).toBe(full)

  await pauseBackfill(hosted.ctx, actor, { ...ref, number })
  const paused = 'Backfill 1 is paused: it goes on when somebody resumes it.'
  expect((await sentences()).slice(2)).toEqual([paused, paused])
  await resumeBackfill(hosted.ctx, actor, { ...ref, number })
  expect((await sentences())[2]).toBe(full)
})
