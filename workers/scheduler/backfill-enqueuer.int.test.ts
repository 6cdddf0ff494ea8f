import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { deleteOldRuns } from '#db/queries/retention.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { advanceBackfill } from '#server/services/backfill/advance-backfill.ts'
import { cancelBackfill } from '#server/services/backfill/cancel-backfill.ts'
import { createBackfill } from '#server/services/backfill/create-backfill.ts'
import { pauseBackfill } from '#server/services/backfill/pause-backfill.ts'
import { previewBackfill } from '#server/services/backfill/plan-backfill.ts'
import { listBackfillDates, listBackfills } from '#server/services/backfill/read-backfill.ts'
import { resumeBackfill } from '#server/services/backfill/resume-backfill.ts'
import { requireDag } from '#server/services/dag/address.ts'
import type { Actor } from '#server/services/actor.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import type { Range } from '#server/views/backfill.ts'
import { fails, succeeds, type Behaviour } from '../testing/scripted-executor.ts'
import { killBeforeCommit, oneTask, owner, putAtTip, startScheduler, until } from '../testing/tips.ts'
import { Enqueuers } from './enqueuers.ts'

const { database } = testDatabase()
let hosted: Hosted
let actor: Actor
const running: { stop: () => Promise<void> }[] = []
beforeAll(async () => {
  hosted = await startHosted(database())
  actor = await owner(database())
})
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})
afterAll(() => hosted.close())

async function work(behaviour: Behaviour) {
  const { scheduler, executor } = await startScheduler(database(), behaviour)
  const both = [new Enqueuers(hosted.ctx), new Enqueuers(hosted.ctx)]
  for (const one of both) await one.start()
  running.push(...both, scheduler)
  return executor
}

const daily = 'params: {n: {type: integer, default: 1}}\nschedule: {cron: "0 6 * * *", semantics: interval}\n'
const range = (more: Partial<Range> = {}): Range => ({
  schedule: 1,
  from: '2026-01-01',
  to: '2026-01-25',
  reprocess: 'none',
  order: 'oldest',
  ...more,
})

async function open(name: string, front = daily, tasks?: string) {
  await putAtTip(database(), 'b', name, oneTask(name, front, tasks))
  const ref = { team: 'main', repo: 'b', dag: name }
  const dag = await requireDag(hosted.ctx, actor, ref, 'run:read')
  const one = async () => {
    const [newest] = await listBackfills(hosted.ctx, dag)
    if (newest === undefined) throw new Error('there is no backfill')
    return newest
  }
  return {
    ref,
    dag,
    one,
    create: (more: Partial<Range> = {}, concurrency = 3, params = {}) =>
      createBackfill(hosted.ctx, actor, { ref, ...range(more), concurrency, params }),
    ended: () => until(database(), async () => ((await one()).endedAt === null ? null : one())),
    dates: async () =>
      (
        await database().client<{ at: string }[]>`
          select to_char(logical_date at time zone 'UTC', 'MM-DD') as at from run where dag_id = ${dag.id} order by number`
      ).map((row) => row.at),
  }
}

test('[R9] with two schedulers each date runs once, oldest first, no more at once than it may', async () => {
  const executor = await work(() => succeeds())
  const { create, ended, dates } = await open('each')
  await create({}, 3, { n: 7 })
  const done = await ended()
  expect([done.state, done.progress]).toMatchObject(['finished', { dates: 25, succeeded: 25, pending: 0 }])
  expect(await dates()).toEqual(Array.from({ length: 25 }, (_, i) => `01-${String(i + 1).padStart(2, '0')}`))
  expect(executor.most).toBeLessThanOrEqual(3)
  const [row] = await database().client`
    select r.trigger, r.params, r.interval_end - r.interval_start as length from run r where r.backfill_id = ${done.id} limit 1`
  expect(row).toMatchObject({ trigger: 'backfill', params: { n: 7 } })
})

test('[R7] more backfills at once than there are connections do not wait for each other for ever', async () => {
  const { create } = await open('crowd')
  const all = Array.from({ length: 12 }, () => create({ version: 'v1' }))
  const made = await Promise.all(all)
  expect(made.map(({ number }) => number).sort((a, b) => a - b)).toEqual(all.map((_, i) => i + 1))
})

test('the dry run says of each date what happens; what to reprocess decides', async () => {
  await work((job) =>
    job.env['DAGBOK_LOGICAL_DATE']?.startsWith('2026-01-02') === true ? fails() : succeeds(),
  )
  const { create, ended, dag, dates, one } = await open('again')
  await create({ to: '2026-01-03' })
  await ended()
  const plans = async (more: Partial<Range>) => {
    const preview = await previewBackfill(hosted.ctx, dag, range({ to: '2026-01-04', ...more }), {
      offset: 0,
      limit: 10,
    })
    return preview.page.map(({ plan }) => plan)
  }
  expect(await plans({})).toEqual(['has_run', 'has_run', 'has_run', 'run'])
  expect(await plans({ reprocess: 'failed' })).toEqual(['has_success', 'run', 'has_success', 'run'])
  expect(await plans({ reprocess: 'completed', order: 'newest' })).toEqual(['run', 'run', 'run', 'run'])
  await create({ to: '2026-01-04', reprocess: 'failed', order: 'newest' })
  await ended()
  expect(await dates()).toEqual(['01-01', '01-02', '01-03', '01-04', '01-02'])
  expect(
    (await listBackfillDates(hosted.ctx, dag, (await one()).number, { offset: 0, limit: 9 })).map(
      (date) => date.run?.state ?? date.plan,
    ),
  ).toEqual(['succeeded', 'has_success', 'failed', 'has_success'])
})

test('a backfill is for one schedule: what another has run of the same dates is none of its own', async () => {
  await work(() => succeeds())
  const front = 'schedule: [{cron: "0 6 * * *"}, {cron: "0 6 * * 1-5"}]\n'
  const { create, ended, dag } = await open('two-schedules', front)
  const everyDay = { schedule: 1, from: '2026-01-05', to: '2026-01-06' }
  await create(everyDay)
  await ended()
  const plans = async (more: Partial<Range>) =>
    (await previewBackfill(hosted.ctx, dag, range(more), { offset: 0, limit: 9 })).page.map(
      ({ plan }) => plan,
    )
  expect(await plans(everyDay)).toEqual(['has_run', 'has_run'])
  expect(await plans({ ...everyDay, schedule: 2 })).toEqual(['run', 'run'])
  await create({ ...everyDay, schedule: 2 })
  await ended()
  const runs = await database().client<{ schedule: string; n: number }[]>`
    select schedule, count(*)::int as n from run where dag_id = ${dag.id} group by 1 order by 1`
  expect([...runs]).toEqual([
    { schedule: '0 6 * * * UTC', n: 2 },
    { schedule: '0 6 * * 1-5 UTC', n: 2 },
  ])
})

test('what cannot be done is said: no such schedule, no date, nothing to run, too much', async () => {
  const { create } = await open('refused')
  await expect(create({ schedule: 2 })).rejects.toThrow('has 1 schedules, so none with the number 2')
  await expect(create({ from: 'then' })).rejects.toThrow("'then' in `from` is not a date")
  await expect(create({ from: '2026-02-01' })).rejects.toThrow('`to` is before `from`')
  await expect(create({ from: '2099-01-01', to: '2099-02-01' })).rejects.toThrow('no date that is due by now')
  await expect(create({ from: '1900-01-01' })).rejects.toThrow('more than 10000 dates')
  await expect(create({}, 3, { m: 1 })).rejects.toThrow("there is no param 'm'")
})

test('paused it makes no more; resumed it goes on; cancelled it ends with its runs', async () => {
  const waiting: (() => void)[] = []
  let heard: () => void = () => {}
  const executor = await work(async (_job, cancelled) => {
    heard()
    await Promise.race([cancelled, new Promise<void>((done) => waiting.push(done))])
    return succeeds()
  })
  const started = async (count: number) => {
    while (executor.started.length < count) await new Promise<void>((done) => (heard = done))
  }
  const { create, ref, one, ended } = await open('hold')
  const { number } = await create({}, 2)
  const at = { ...ref, number }
  await started(2)
  await pauseBackfill(hosted.ctx, actor, at)
  for (const go of waiting.splice(0)) go()
  await until(database(), async () => (await one()).progress.succeeded === 2)
  expect([(await one()).state, (await one()).progress.pending]).toEqual(['paused', 23])
  await resumeBackfill(hosted.ctx, actor, at)
  await started(4)
  await cancelBackfill(hosted.ctx, actor, at)
  const done = await ended()
  expect(done).toMatchObject({ state: 'cancelled', progress: { pending: 0, skipped: 21 } })
  await until(database(), async () => {
    const { queued, running: active } = (await one()).progress
    return queued + active === 0
  })
  expect(executor.started).toHaveLength(4)
  await expect(pauseBackfill(hosted.ctx, actor, at)).rejects.toThrow(
    `Backfill ${number} is cancelled already`,
  )
})

test('a scheduler that dies half way through a batch leaves nothing of it; the next one makes it whole', async () => {
  const { create, dates } = await open('killed')
  const { id } = await create({}, 5)
  await killBeforeCommit(database(), (tx) => advanceBackfill(tx, id))
  expect(await dates()).toEqual([])
  for (let n = 0; n < 3; n++) await database().transaction((tx) => advanceBackfill(tx, id))
  expect(await dates()).toEqual(['01-01', '01-02', '01-03', '01-04', '01-05'])
})

test('[R9] a date whose run went by policy is not made again: not of a resumed backfill, nor of one that ended', async () => {
  const { create, ref, dag, dates, one } = await open('kept-days')
  const { id, number } = await create({ to: '2026-01-04' }, 2)
  const advance = () => database().transaction((tx) => advanceBackfill(tx, id))
  /** As if the runs had ended 40 days ago, and the DAG had run often since. */
  const goByPolicy = async () => {
    await database()
      .client`update run set state = 'failed', ended_at = now() - interval '40 days' where dag_id = ${dag.id}`
    await database().client`update dag set next_run_number = next_run_number + 100 where id = ${dag.id}`
    return database().transaction((tx) => deleteOldRuns(tx, 30, 100))
  }
  await advance()
  await pauseBackfill(hosted.ctx, actor, { ...ref, number })
  expect(await goByPolicy()).toBe(2)
  expect((await one()).progress).toMatchObject({ pending: 2, deleted: 2 })
  await resumeBackfill(hosted.ctx, actor, { ...ref, number })
  await advance()
  expect(await dates()).toEqual(['01-03', '01-04'])
  expect(await goByPolicy()).toBe(2)
  expect(await advance(), 'there is nothing more to make').toBe(false)
  expect(await one()).toMatchObject({ state: 'finished', progress: { dates: 4, pending: 0, deleted: 4 } })
  expect(await dates()).toEqual([])
  const page = await listBackfillDates(hosted.ctx, dag, number, { offset: 0, limit: 9 })
  expect(page.map(({ made, run }) => [made, run])).toEqual(Array.from({ length: 4 }, () => [true, null]))
})

test('newest first is refused where a task depends on the past, also by the dry run; of one date there is no order', async () => {
  const tasks = '  - {id: a, command: [x], depends_on_past: true}\n  - {id: b, command: [x]}'
  const { create, dag, dates } = await open('backwards', daily, tasks)
  const words =
    'v1 of backwards cannot be filled newest first: a depends on the past (`depends_on_past`), which would run after it. Take the oldest first.'
  await expect(create({ order: 'newest' })).rejects.toThrow(words)
  const dry = previewBackfill(hosted.ctx, dag, range({ order: 'newest' }), { offset: 0, limit: 9 })
  await expect(dry).rejects.toThrow(words)
  const { id } = await create({ order: 'newest', to: '2026-01-01' })
  await database().transaction((tx) => advanceBackfill(tx, id))
  expect(await dates()).toEqual(['01-01'])
  const second = await create({ from: '2026-01-02', to: '2026-01-03' })
  await database().transaction((tx) => advanceBackfill(tx, second.id))
  expect(await dates()).toEqual(['01-01', '01-02', '01-03'])
})
