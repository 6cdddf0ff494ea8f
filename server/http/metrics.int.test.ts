/** The text that Prometheus reads, of real runs on a real database. */
import { expect, test } from 'vitest'
import { savePool, teamOfDag } from '#db/queries/pool.ts'
import { scheduling } from '#workers/testing/scheduling.ts'
import { fails, succeeds } from '#workers/testing/scripted-executor.ts'
import { Disks } from '../storage/disks.ts'
import { Metrics } from './metrics.ts'

const { database, work, dag, over, until } = scheduling()
const ids: string[] = []

/** `NAME{a="b"}` → value. */
async function read(metrics: Metrics, teams = ids): Promise<Map<string, number>> {
  const lines = (await metrics.text(teams)).split('\n').filter((line) => line !== '' && !line.startsWith('#'))
  return new Map(
    lines.map((line) => {
      const at = line.lastIndexOf(' ')
      return [line.slice(0, at), Number(line.slice(at + 1))] as const
    }),
  )
}

test('active runs and task runs, slots of pools, and each ended attempt once', async () => {
  let finish: () => void = () => {}
  const held = new Promise<void>((done) => (finish = done))
  await work(({ task }) => (task === 'held' ? held.then(() => succeeds()) : fails()))
  const made = await dag(
    '  - {id: held, command: [x], pool: wide, slots: 2}\n  - {id: other, command: [x], retries: 1, retry_delay: 0s}',
  )
  const teamId = await teamOfDag(database(), made.dagId)
  ids.push(teamId)
  await savePool(database(), { teamId, name: 'wide', slots: 3 })
  const metrics = new Metrics(
    database(),
    new Disks([{ place: 'the data folder', folder: import.meta.dirname }], Number.MAX_SAFE_INTEGER),
  )
  await metrics.text([])
  const run = await made.run()
  await until(run, 'held', 'running')
  await until(run, 'other', 'failed')
  const during = await read(metrics)
  expect(during.get('dagbok_runs_active{state="running"}')).toBe(1)
  expect(during.get('dagbok_task_runs_active{state="running"}')).toBe(1)
  expect(during.get('dagbok_pool_slots{team="main",pool="wide"}')).toBe(3)
  expect(during.get('dagbok_pool_slots_used{team="main",pool="wide"}')).toBe(2)
  expect(during.get('dagbok_scheduler_lag_seconds')).toBeLessThan(60)
  expect(during.get('dagbok_disk_full{place="the data folder"}')).toBe(1)
  expect(during.get('dagbok_disk_free_bytes{place="the data folder"}')).toBeGreaterThan(0)
  expect(
    [...(await read(metrics, [crypto.randomUUID()])).keys()].filter((name) => name.includes('wide')),
    'pools of others',
  ).toEqual([])
  finish()
  await over(run)
  // Ends are counted when they are some seconds old: no transaction that began before is open any more.
  while (((await read(metrics)).get('dagbok_task_attempt_seconds_count{executor="scripted"}') ?? 0) < 3);
  const after = await read(metrics)
  expect(after.get('dagbok_task_attempts_total{state="failed",executor="scripted"}')).toBe(2)
  expect(after.get('dagbok_task_attempts_total{state="succeeded",executor="scripted"}')).toBe(1)
  expect(after.get('dagbok_task_attempt_seconds_count{executor="scripted"}')).toBe(3)
  expect(after.get('dagbok_runs_active{state="running"}')).toBeUndefined()
  expect(after.get('dagbok_pool_slots_used{team="main",pool="wide"}')).toBe(0)
})

test('a disk that cannot be measured any more has no figure', async () => {
  const disks = new Disks([{ place: 'the data folder', folder: import.meta.dirname }], 0)
  const metrics = new Metrics(database(), disks)
  const figures = async () =>
    [...(await read(metrics)).keys()].filter((name) => name.startsWith('dagbok_disk'))
  expect(await figures()).toHaveLength(2)
  disks.measure = () => Promise.resolve([])
  expect(await figures()).toEqual([])
})

/** As a new scrape tells it. */
const lag = async () =>
  (await read(new Metrics(database(), new Disks([], 0)))).get('dagbok_scheduler_lag_seconds') ?? -1

test('without a scheduler the lag grows by what is left: a run, a task, a tick; not by what a limit holds back', async () => {
  const { client } = database()
  await client`update worker set stopped_at = now()`
  expect(await lag(), 'nothing is left').toBe(0)

  const made = await dag('  - {id: a, command: [x]}', 'limits: {max_active_runs: 1, max_active_tasks: 1}\n')
  const first = await made.run()
  await client`update run set created_at = now() - interval '100 seconds' where id = ${first}`
  expect(await lag(), 'a run').toBeGreaterThanOrEqual(100)

  await client`update run set state = 'running', started_at = now() where id = ${first}`
  await client`update task_run set state = 'queued', queued_at = now() - interval '200 seconds' where run_id = ${first}`
  expect(await lag(), 'a task').toBeGreaterThanOrEqual(200)

  await client`update task_run set state = 'running' where run_id = ${first}`
  const second = await made.run()
  await client`update run set created_at = now() - interval '300 seconds' where id = ${second}`
  expect(await lag(), 'a run that waits for its turn').toBe(0)
  await client`update run set state = 'running', started_at = now() where id = ${second}`
  await client`update task_run set state = 'queued', queued_at = now() - interval '300 seconds' where run_id = ${second}`
  expect(await lag(), 'a task that waits for another one').toBe(0)

  await client`
    insert into dag_schedule (dag_id, key, version_id, entry, cursor, next_tick)
    values (${made.dagId}, 'k', ${made.versionId}, '{}', now(), now() - interval '400 seconds')`
  expect(await lag(), 'a tick').toBeGreaterThanOrEqual(400)
  await client`update dag set paused_at = now() where id = ${made.dagId}`
  expect(await lag(), 'of a DAG that is paused').toBe(0)
})

test('a run of another version that may start is seen behind one that waits; a place counts from when it was free', async () => {
  const { client } = database()
  await client`delete from run`
  await client`delete from dag_schedule`
  const front = 'limits: {max_active_runs: 1}\n'
  const first = await dag('  - {id: a, command: [x]}', front)
  const active = await first.run()
  await client`update run set state = 'running', started_at = now() where id = ${active}`
  const waits = await first.run()
  await client`update run set created_at = now() - interval '500 seconds' where id = ${waits}`
  expect(await lag(), 'one waits for its place').toBe(0)
  const second = await dag('  - {id: b, command: [x]}', front, first.id)
  const free = await second.run()
  await client`update run set created_at = now() - interval '100 seconds' where id = ${free}`
  const seen = await lag()
  expect([seen >= 100, seen < 500], 'a free run of the second version').toEqual([true, true])
  await client`update run set state = 'running', started_at = now() where id = ${free}`
  await client`update run set state = 'succeeded', ended_at = now() - interval '40 seconds' where id = ${active}`
  const since = await lag()
  expect([since >= 40, since < 100], 'since the end of the first').toEqual([true, true])
})

test('what catch-up has missed is no lag while its queue is full, and counts from when there is room', async () => {
  const { client } = database()
  await client`delete from run`
  const made = await dag('  - {id: a, command: [x]}', 'limits: {max_active_runs: 1}\n')
  await client`
    insert into dag_schedule (dag_id, key, version_id, entry, cursor, next_tick)
    values (${made.dagId}, 'k', ${made.versionId}, '{"catchup": true}', now(), now() - interval '9 days')`
  const active = await made.run({ trigger: 'schedule', schedule: 'k' })
  await client`update run set state = 'running', started_at = now() - interval '60 seconds' where id = ${active}`
  await made.run({ trigger: 'schedule', schedule: 'k' })
  expect(await lag(), 'its queue is full').toBe(0)
  await client`update run set state = 'running', started_at = now() - interval '30 seconds' where state = 'queued'`
  const since = await lag()
  expect([since >= 30, since < 60], 'there is room since then').toEqual([true, true])
  await client`delete from dag_schedule`
})

test('what waits for a place of a worker, or in a queue that nobody serves, is no lag of the scheduler', async () => {
  const { client } = database()
  await client`delete from run`
  await client`insert into worker (id, host, pid, queues, slots) values (gen_random_uuid(), 'test', 1, '["default"]', 1)`
  const made = await dag(
    '  - {id: a, executor: pool, queue: far, command: [x]}\n  - {id: b, command: [x], pool: nowhere}\n  - {id: c, command: [x]}',
  )
  const run = await made.run()
  await client`update run set state = 'running', started_at = now() where id = ${run}`
  await client`update task_run set state = 'queued', queued_at = now() - interval '100 seconds' where task in ('a', 'b') and run_id = ${run}`
  expect(await lag()).toBe(0)
  await client`update task_run set state = 'queued', queued_at = now() - interval '50 seconds' where task = 'c' and run_id = ${run}`
  const free = await lag()
  expect([free >= 50, free < 100], 'a place is free').toEqual([true, true])
  await client`
    insert into attempt (task_run_id, run_id, n, token, executor, worker_id)
    select t.id, t.run_id, 1, gen_random_uuid(), 'process', w.id from task_run t, worker w
    where t.task = 'b' and t.run_id = ${run} and w.stopped_at is null`
  expect(await lag(), 'none is').toBe(0)
  await client`update worker set heartbeat_at = now() - interval '5 minutes'`
  expect(await lag(), 'its worker is dead').toBeGreaterThanOrEqual(100)
})
