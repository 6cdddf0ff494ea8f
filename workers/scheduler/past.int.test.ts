/** What other ticks mean for a run: `latest_only` and `depends_on_past`, also of several schedules. */
import { pino } from 'pino'
import { afterEach, expect, test } from 'vitest'
import { postgresStore } from '#db/scheduling-store.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { rerun } from '#server/services/run/rerun.ts'
import { asOwner } from '../testing/as-owner.ts'
import { oneTask, putAtTip, startScheduler, until } from '../testing/tips.ts'
import { CronEnqueuer } from './cron-enqueuer.ts'

const { database } = testDatabase()

const running: { stop: () => Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop()
})

async function work() {
  const { scheduler } = await startScheduler(database())
  running.push(scheduler)
}

const enqueue = () => new CronEnqueuer(postgresStore(database()), pino({ level: 'silent' })).look(new Date())
const notebook = (id: string, front: string) =>
  oneTask(id, front, '  - {id: newest, command: [x], latest_only: true}')

/** What became of the task in the runs of a DAG, oldest run first, once so many have ended. */
const ended = (dagId: string, count: number) =>
  until(database(), async () => {
    const rows = await database().client<{ id: string; state: string }[]>`
      select r.id, t.state::text as state from run r join task_run t on t.run_id = r.id
      where r.dag_id = ${dagId} and r.ended_at is not null order by r.number`
    return rows.length === count ? [...rows] : null
  })
const states = async (dagId: string, count: number) => (await ended(dagId, count)).map(({ state }) => state)

/** The first of the month so many months ago, `2026-01-01`. */
function monthsAgo(months: number): string {
  const now = new Date()
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() - months, 1)).toISOString().slice(0, 10)
}

test('`latest_only` skips a tick that is caught up on while newer ones are due, before they have runs; not what is run by hand', async () => {
  await work()
  const front = `limits: {max_active_runs: 1}\nschedule: {cron: "0 0 1 * *", catchup: true, start_date: ${monthsAgo(2)}}\n`
  const { dagId } = await putAtTip(database(), 'past', 'late', notebook('late', front))
  for (let n = 1; n <= 3; n++) {
    await enqueue()
    await ended(dagId, n)
  }
  expect(await states(dagId, 3)).toEqual(['skipped', 'skipped', 'succeeded'])

  const [oldest] = await ended(dagId, 3)
  const [ctx, actor] = await asOwner(database())
  await rerun(ctx, actor, oldest?.id ?? '', null)
  expect(await states(dagId, 4)).toEqual(['skipped', 'skipped', 'succeeded', 'succeeded'])
})

test('`latest_only` asks for the run’s own schedule: what is newest of the year is no older for the newest of a month', async () => {
  await work()
  const front = 'schedule:\n  - {cron: "0 0 1 * *"}\n  - {cron: "0 0 1 1 *"}\n'
  const twoYears = new Date(Date.now() - 2 * 366 * 86_400_000)
  const { dagId } = await putAtTip(database(), 'past', 'two', notebook('two', front), twoYears)
  await enqueue()
  expect(await states(dagId, 2)).toEqual(['succeeded', 'succeeded'])
})

test('a schedule that was ended is due no more: its last tick stays the latest', async () => {
  const before = new Date(`${monthsAgo(1)}T00:00:00Z`)
  const begin = new Date(before.getTime() - 86_400_000)
  const end = new Date(before.getTime() + 86_400_000)
  const front = 'schedule: {cron: "0 0 1 * *"}\n'
  const { dagId } = await putAtTip(database(), 'past', 'over', notebook('over', front), begin)
  await putAtTip(database(), 'past', 'over', notebook('over', ''), end)
  await enqueue()
  await work()
  expect(await states(dagId, 1)).toEqual(['succeeded'])
})
