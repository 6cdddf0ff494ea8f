import { pino } from 'pino'
import { expect, test } from 'vitest'
import { dueSchedules } from '#db/queries/schedule.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { pauseDag } from '#server/services/dag/pause-dag.ts'
import { resumeDag } from '#server/services/dag/resume-dag.ts'
import { postgresStore, sessionOf } from '#db/scheduling-store.ts'
import { fireSchedule } from '#server/services/schedule/fire.ts'
import type { ServiceContext } from '#server/services/context.ts'
import { killBeforeCommit, oneTask, owner, putAtTip } from '../testing/tips.ts'
import { CronEnqueuer } from './cron-enqueuer.ts'

const { database } = testDatabase()
const log = pino({ level: 'silent' })
const enqueuer = () => new CronEnqueuer(postgresStore(database()), log)
const hour = 3_600_000
const begin = Date.UTC(2026, 5, 1)
const at = (hours: number) => new Date(begin + hours * hour)

/** Hours since the beginning of the logical dates of a DAG's runs, in the order they were made. */
async function ran(dagId: string): Promise<number[]> {
  const rows = await database().client<{ logical_date: string }[]>`
    select logical_date from run where dag_id = ${dagId} order by number`
  return rows.map((row) => (Date.parse(row.logical_date) - begin) / hour)
}

test('[R9] two schedulers that look at the same moments fire each tick once', async () => {
  const { dagId } = await putAtTip(database(), 'r9', 'a', oneTask('a', 'schedule: {every: 1h}\n'), at(0))
  const both = [enqueuer(), enqueuer(), enqueuer()]
  for (let n = 0; n <= 20; n++) await Promise.all(both.map((one) => one.look(at(n / 2))))
  expect(await ran(dagId)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10])
})

test('[R9] a scheduler that dies between the run and its commit leaves neither; the next one fires the tick', async () => {
  const { dagId } = await putAtTip(database(), 'r9', 'b', oneTask('b', 'schedule: {every: 1h}\n'), at(0))
  const [due] = (await dueSchedules(database(), at(1), 10)).filter((one) => one.dagId === dagId)
  await killBeforeCommit(database(), (tx) => fireSchedule(sessionOf(tx), due ?? { id: '', dagId: '' }, at(1)))
  expect(await ran(dagId)).toEqual([])
  await enqueuer().look(at(1))
  expect(await ran(dagId)).toEqual([1])
})

test('a change of the cron loses no tick and doubles none, also one that is seen late', async () => {
  const db = database()
  const old = oneTask('c', 'schedule: {cron: "0 * * * *"}\n')
  const { dagId, versionId } = await putAtTip(db, 'change', 'c', old, at(0))
  await enqueuer().look(at(1))
  // Nobody looks from 01:00 to 05:00; the push comes at 03:30.
  const next = await putAtTip(db, 'change', 'c', oneTask('c', 'schedule: {cron: "15 * * * *"}\n'), at(3.5))
  await enqueuer().look(at(5))
  await enqueuer().look(at(5.25))
  expect((await ran(dagId)).sort((a, b) => a - b)).toEqual([1, 3, 4.25, 5.25])
  const rows = await db.client`select version_id from run where dag_id = ${dagId} order by logical_date`
  expect(rows.map((row) => row['version_id'])).toEqual([versionId, versionId, next.versionId, next.versionId])
  expect(await db.client`select 1 from dag_schedule where dag_id = ${dagId}`).toHaveLength(1)
})

test('another version with the same schedule goes on where it stood; one without ends it', async () => {
  const db = database()
  const front = 'schedule: {cron: "0 * * * *"}\n'
  const { dagId } = await putAtTip(db, 'same', 'd', oneTask('d', front), at(0))
  await enqueuer().look(at(1))
  const second = await putAtTip(db, 'same', 'd', oneTask('d', `${front}title: two\n`), at(1.9))
  await enqueuer().look(at(2))
  await putAtTip(db, 'same', 'd', oneTask('d'), at(2.5))
  await enqueuer().look(at(9))
  expect(await ran(dagId)).toEqual([1, 2])
  const [last] = await db.client`select version_id from run where dag_id = ${dagId} order by number desc`
  expect(last?.['version_id']).toBe(second.versionId)
  await putAtTip(db, 'same', 'd', null, at(10))
  await enqueuer().look(at(11))
  expect(await ran(dagId)).toEqual([1, 2])
})

test('two schedules that share a tick make a run each, with their own params', async () => {
  const front =
    'params: {r: {type: string}}\nschedule:\n  - {cron: "0 * * * *", params: {r: eu}}\n  - {cron: "0 */2 * * *", params: {r: us}}\n'
  const { dagId } = await putAtTip(database(), 'two', 'e', oneTask('e', front), at(0))
  await enqueuer().look(at(2))
  const rows = await database().client<{ r: string }[]>`
    select params->>'r' as r from run where dag_id = ${dagId} and logical_date = ${at(2).toISOString()} order by 1`
  expect(rows.map((row) => row.r)).toEqual(['eu', 'us'])
})

test('with catchup every missed tick has its run, oldest first, no more in the queue than may run', async () => {
  const front =
    'limits: {max_active_runs: 3}\nschedule: {every: 1h, semantics: interval, catchup: true, start_date: 2026-06-01T00:00}\n'
  const db = database()
  const { dagId } = await putAtTip(db, 'catch', 'f', oneTask('f', front), at(7.5))
  const look = () => enqueuer().look(at(7.5))
  expect(await look()).toBe(0)
  expect(await ran(dagId)).toEqual([0, 1, 2])
  await look()
  expect(await ran(dagId)).toEqual([0, 1, 2])
  await db.client`update run set state = 'running', started_at = now() where dag_id = ${dagId}`
  await look()
  expect(await ran(dagId)).toEqual([0, 1, 2, 3, 4, 5])
  await db.client`update run set state = 'running', started_at = now() where dag_id = ${dagId}`
  await look()
  expect(await ran(dagId)).toEqual([0, 1, 2, 3, 4, 5, 6])
  const [row] = await db.client`
    select logical_date, interval_start, interval_end from run where dag_id = ${dagId} order by number desc limit 1`
  expect(Object.values(row ?? {}).map((time) => new Date(String(time)))).toEqual([at(6), at(6), at(7)])
})

test('a paused DAG misses its ticks; resumed, it runs the newest, or all with catchup; who did it is on record', async () => {
  const db = database()
  const ctx = { db, log, publicUrl: '' } as ServiceContext
  const actor = await owner(db)
  const plain = await putAtTip(db, 'pause', 'g', oneTask('g', 'schedule: {every: 1h}\n'), at(0))
  const all = await putAtTip(db, 'pause', 'h', oneTask('h', 'schedule: {every: 1h, catchup: true}\n'), at(0))
  const refs = ['g', 'h'].map((dag) => ({ team: 'main', repo: 'pause', dag }))
  for (const ref of refs) await pauseDag(ctx, actor, ref)
  await expect(pauseDag(ctx, actor, refs[0] ?? { team: '', repo: '', dag: '' })).rejects.toThrow(
    'paused already',
  )
  await enqueuer().look(at(3))
  expect([await ran(plain.dagId), await ran(all.dagId)]).toEqual([[], []])
  for (const ref of refs) await resumeDag(ctx, actor, ref)
  await enqueuer().look(at(3.5))
  expect([await ran(plain.dagId), await ran(all.dagId)]).toEqual([[3], [1, 2, 3]])
  const audit = await db.client`
    select verb, u.name from audit_entry a join "user" u on u.id = a.user_id where dag_id = ${plain.dagId} order by a.created_at`
  expect(audit.map((row) => [row['verb'], row['name']])).toEqual([
    ['dag.pause', 'Ines'],
    ['dag.resume', 'Ines'],
  ])
})

test('[R9] a clock that jumps a day ahead and back again neither doubles a tick nor makes the scheduler spin', async () => {
  const { dagId } = await putAtTip(database(), 'jump', 'i', oneTask('i', 'schedule: {every: 1h}\n'), at(0))
  const one = enqueuer()
  const settle = async (now: Date) => {
    for (let n = 0; n < 5; n++) {
      const delay = await one.look(now)
      if (delay === null || delay > 0) return delay
    }
    throw new Error('it spins')
  }
  for (const hours of [1, 25, 2, 3, -21, 24, 25.5, 26]) expect(await settle(at(hours))).toBeGreaterThan(0)
  expect(await ran(dagId)).toEqual([1, 25, 26])
})

test('[R18] a schedule whose runs cannot be made stalls no other', async () => {
  const db = database()
  const bad = await putAtTip(db, 'poison', 'j', oneTask('j', 'schedule: {every: 1h}\n'), at(0))
  const good = await putAtTip(db, 'poison', 'k', oneTask('k', 'schedule: {every: 1h}\n'), at(0))
  // A version of before schedules were checked against the params.
  await db.client`update dag_schedule set entry = entry || '{"params": {"none": 1}}' where dag_id = ${bad.dagId}`
  const delay = await enqueuer().look(at(1))
  expect(delay).toBe(0)
  expect([await ran(bad.dagId), await ran(good.dagId)]).toEqual([[], [1]])
  expect(await enqueuer().look(at(1))).not.toBe(0)
})
