/**
 * A schedule that ticks each second, and two schedulers that are killed at its ticks (R9): before the run of a tick is made,
 * when it is made and not recorded, when it is recorded and not known. Each tick has one run.
 */
import { afterEach, expect, test } from 'vitest'
import { trials } from '#server/config/trials.ts'
import { openSite, type Site } from './fleet-site.ts'
import { openRuns } from './history.ts'
import { randomFrom } from './random.ts'
import { until } from './until.ts'

const notebook = `---
dagbok: 1
id: fleet
schedule: {every: 1s, catchup: true}
---

\`\`\`yaml task
id: only
infrastructure_retries: 100
\`\`\`
\`\`\`bash script
true
\`\`\`
`
const stages = ['before', 'after-effect-before-record', 'after-record'] as const

let site: Site | null = null
afterEach(async () => {
  await site?.close()
  site = null
})

/** The logical dates of runs, in seconds since 1970, in their order. */
async function ticksOf({ db }: Site): Promise<number[]> {
  const rows = await db.client<{ at: number }[]>`
    select extract(epoch from logical_date)::float8 as at from run where trigger = 'schedule' order by logical_date`
  return rows.map(({ at }) => at)
}

/** Seconds from the first tick to the last: what the schedule says, by counting. */
const counted = (ticks: readonly number[]) =>
  Array.from({ length: (ticks.at(-1) ?? 0) - (ticks[0] ?? 0) + 1 }, (_, i) => (ticks[0] ?? 0) + i)

/** Kills schedulers at ticks, each at a stage, the next as soon as one is dead; then all is quiet. */
async function killAtTicks(here: Site, kills: number, seed: number): Promise<void> {
  const next = randomFrom(seed)
  const begin = (at: number) =>
    here.fleet[at]?.start([`schedule.fire.${stages[next(stages.length)] ?? ''}#${1 + next(2)}=kill`])
  for (const at of here.fleet.keys()) begin(at)
  for (let killed = 0; killed < kills; killed++)
    begin(
      await until('a scheduler is killed at a tick', () => {
        const at = here.fleet.findIndex(({ dead }) => dead)
        return at < 0 ? null : at
      }),
    )
  for (const worker of here.fleet) await worker.kill()
  for (const worker of here.fleet) worker.start()
  // Over one more tick, so that what was missed is made up for.
  const last = Date.now() / 1000
  await until('the schedule is back', async () => ((await ticksOf(here)).at(-1) ?? 0) > last)
  await here.db.client`update dag set paused_at = clock_timestamp()`
  await until('all runs have ended', async () => (await openRuns(here.db.client)) === 0)
}

test('[R9] whoever is killed at a tick, each tick has one run', async () => {
  const { count, seed } = trials(20)
  site = await openSite({ notebook, workers: 2, leaseMs: 1500 })
  await killAtTicks(site, count, seed)
  const ticks = await ticksOf(site)
  console.log(`${count} kills at ticks from seed ${seed}: ${ticks.length} ticks`)
  expect(ticks).toEqual(counted(ticks))
  expect(ticks.length).toBeGreaterThan(count / 2)
  expect(site.fleet.flatMap(({ fell }) => fell)).toEqual([])
})

test('mutant: a scheduler that passes a tick before its run is there is caught', async () => {
  site = await openSite({ notebook, workers: 1, leaseMs: 1500 })
  for (const worker of site.fleet)
    worker.mutant = 'a tick is passed before its run is there, in a transaction of its own'
  await killAtTicks(site, 4, 1)
  const ticks = await ticksOf(site)
  expect(ticks).not.toEqual(counted(ticks))
})
