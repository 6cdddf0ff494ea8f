/** What the fleet's judge must catch: the product without one of its guards, under the fault that the guard is for. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { savePool, teamOfDag } from '#db/queries/pool.ts'
import { untilBack } from './back.ts'
import { hireFar, type Far } from './far.ts'
import { farNotebook, slots } from './fleet-dag.ts'
import { openSite, type Site } from './fleet-site.ts'
import { strike } from './fleet-strikes.ts'
import type { FleetMember } from './fleet.ts'
import { attemptRows, judgeAttempts, judgeRuns, openRuns } from './history.ts'
import { randomFrom } from './random.ts'
import { pause, until } from './until.ts'

const leaseMs = 1500
const poolLeaseMs = 2000
/** ms: a run ends in two seconds, and a fault holds it up for a few leases. */
const boundMs = 15_000

let site: Site
let far: Far
beforeEach(async () => {
  site = await openSite({ notebook: farNotebook, workers: 1, wired: true, leaseMs, poolLeaseMs })
  await savePool(site.db, { teamId: await teamOfDag(site.db, site.dag.dagId), name: 'narrow', slots })
  far = await hireFar(site, [0], { DAGBOK_TEST_LEASE_MS: String(leaseMs) })
})
afterEach(async () => {
  await far?.close()
  await site?.close()
})

/** Starts all, as these mutants, with a run. */
async function begin(given: { scheduler?: string; far?: string } = {}): Promise<string> {
  for (const [members, mutant] of [
    [site.fleet, given.scheduler],
    [far.workers, given.far],
  ] as [FleetMember[], string | undefined][])
    for (const member of members) {
      member.mutant = mutant ?? null
      member.start()
    }
  return site.start()
}

/** All that is wrong when the bound is over, or all runs have ended. */
async function judged(run: string): Promise<string> {
  for (const end = Date.now() + boundMs; (await openRuns(site.db.client)) > 0 && Date.now() < end;)
    await pause(50)
  const faults = [
    ...judgeAttempts(await attemptRows(site.db), await site.starts(), slots),
    ...(await judgeRuns(site.db, [run])),
  ]
  return faults.join('\n')
}

/** The gate's answer is on its way for longer than the attempt's lease: another attempt has taken its place then. */
async function delayGate(): Promise<void> {
  const [wire] = far.wires
  expect(await wire?.loseAnswer(['attempt/start'], boundMs, 'cut')).toBe(true)
  await until('the attempt is given up', async () => {
    const rows = await site.db.client`select 1 from attempt where state = 'lost' and executor = 'pool'`
    return rows.length > 0
  })
  // Longer than what the judge leaves to a start that is slow.
  await pause(1500)
  wire?.mend('late')
}

test('[R1] an answer of the start gate that comes after the lease is not believed by a worker of the pool', async () => {
  const run = await begin()
  await delayGate()
  expect(await judged(run)).toBe('')
})

test('mutant: a worker of the pool that does not heed its lease is caught', async () => {
  const run = await begin({ far: 'a worker of the pool does not heed its lease' })
  await delayGate()
  expect(await judged(run)).toContain('its code started after its end (R1)')
})

/** The claim is recorded, and who made it does not know. */
const loseClaim = async (): Promise<void> => {
  expect(await site.wires[0]?.loseAnswer(['insert into "attempt"', 'commit'], boundMs)).toBe(true)
}

test('[R2] an attempt whose claim took place while its answer was lost is found, and the run ends', async () => {
  const losing = loseClaim()
  const run = await begin()
  await losing
  expect(await judged(run)).toBe('')
})

test('mutant: a scheduler that does not look for leases that are over is caught', async () => {
  const losing = loseClaim()
  const run = await begin({ scheduler: 'nobody looks for leases that are over' })
  await losing
  expect(await judged(run)).toContain('(R2)')
})

/** Postgres is killed, with the scheduler at rest on connections that are open. */
async function killPostgres(): Promise<string | undefined> {
  await until('the scheduler has begun', async () => (await openRuns(site.db.client)) === 0)
  await site.killPostgres()
  return untilBack(site, 10_000)
}

test('mutant: a scheduler that does not listen again when the database is back is caught', async () => {
  await begin({ scheduler: 'the connection that listens is not opened again' })
  expect(await killPostgres()).toContain('0 of 1 listened (R14)')
})

test('mutant: a scheduler that a broken connection ends is caught', async () => {
  await begin({ scheduler: 'a connection that dies while it is idle ends the process' })
  await until('all is over', async () => (await openRuns(site.db.client)) === 0)
  await strike({ site, far, leaseMs, poolLeaseMs }, 'connections cut', 0, randomFrom(1))
  const fell = () => site.fleet[0]?.fell
  await expect.poll(fell, { timeout: boundMs }).toEqual([expect.stringContaining('it ended with 1')])
})
