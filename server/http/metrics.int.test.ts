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
