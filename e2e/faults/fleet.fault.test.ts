/**
 * Three schedulers, two workers of the pool and the database under real faults, while runs come in: kill -9 at random times
 * and at named stages, a stop, a pause of two leases, a network that is away for as long, answers that are lost though what
 * was asked for took place, connections cut, none left, Postgres killed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { savePool, teamOfDag } from '#db/queries/pool.ts'
import { trials } from '#server/config/trials.ts'
import { judgeConnections, mostConnections } from './back.ts'
import { hireFar, type Far } from './far.ts'
import { farNotebook, slots } from './fleet-dag.ts'
import { openSite, type Site } from './fleet-site.ts'
import { kindOf, strike, type Kind } from './fleet-strikes.ts'
import { attemptRows, judgeAttempts, judgeRuns, openRuns } from './history.ts'
import { randomFrom } from './random.ts'
import { markedWith } from './survivors.ts'
import { insist, pause } from './until.ts'

const leaseMs = 1500
const poolLeaseMs = 2000
/** Runs that are under way while faults come. */
const busy = 6

let site: Site
let far: Far
/** Runs that were told to be made. */
const acknowledged: string[] = []

beforeAll(async () => {
  site = await openSite({ notebook: farNotebook, workers: 3, wired: true, leaseMs, poolLeaseMs })
  await savePool(site.db, { teamId: await teamOfDag(site.db, site.dag.dagId), name: 'narrow', slots })
  far = await hireFar(site, [0, 1], { DAGBOK_TEST_LEASE_MS: String(leaseMs) })
})
afterAll(async () => {
  await far?.close()
  await site?.close()
})

/** As many runs as keep the workers busy; some are cancelled again. */
async function feed(next: (below: number) => number): Promise<void> {
  for (let n = await openRuns(site.db.client); n < busy; n++) {
    const id = await insist(site.start)
    acknowledged.push(id)
    if (next(6) !== 0) continue
    const at = next(400)
    void pause(at).then(() => insist(() => site.cancel(id)))
  }
}

/** Number of a scheduler that holds an attempt, if within some seconds there is one: what it is struck in the midst of. */
async function working(next: (below: number) => number): Promise<number> {
  for (const end = Date.now() + 5000; Date.now() < end; await pause(10)) {
    const rows = await insist(
      () => site.db.client<{ pid: number }[]>`
        select distinct w.pid from attempt a join worker w on w.id = a.worker_id
        where a.state in ('created', 'submitted', 'running')`,
    )
    const holding = site.fleet.flatMap(({ dead, pid }, i) =>
      !dead && rows.some((row) => row.pid === pid) ? [i] : [],
    )
    const found = holding[next(Math.max(1, holding.length))]
    if (found !== undefined) return found
  }
  return next(site.fleet.length)
}

async function trial(seed: number): Promise<Kind> {
  const next = randomFrom(seed)
  const kind = kindOf(seed)
  await feed(next)
  await pause(next(250))
  const at = kind.startsWith('far ') ? next(far.workers.length) : await working(next)
  expect(await strike({ site, far, leaseMs, poolLeaseMs }, kind, at, next), `seed ${seed} (${kind})`).toEqual(
    [],
  )
  return kind
}

test('[R1] [R2] [R3] [R4] [R14] [R17] under kills, pauses, a network and a database that go away: nothing is lost, run twice or stuck', async () => {
  const { count, seed } = trials(240)
  const done: Partial<Record<Kind, number>> = {}
  const times: Partial<Record<Kind, number>> = {}
  for (const member of [...site.fleet, ...far.workers]) member.start()
  for (let i = 0; i < count; i++) {
    const began = Date.now()
    const kind = await trial(seed + i)
    done[kind] = (done[kind] ?? 0) + 1
    times[kind] = (times[kind] ?? 0) + Date.now() - began
  }
  const lastFault = Date.now()
  while ((await openRuns(site.db.client)) > 0)
    if (Date.now() > lastFault + 120_000) break
    else await pause(50)
  const rows = await attemptRows(site.db)
  const faults = [
    ...judgeAttempts(rows, await site.starts(), slots),
    ...(await judgeRuns(site.db, acknowledged)),
    ...judgeConnections(site),
  ]
  const lost = rows.filter(({ state }) => state === 'lost').length
  const byFar = rows.filter(({ state, executor }) => state === 'succeeded' && executor === 'pool').length
  console.log(
    `${count} faults from seed ${seed} (${Object.entries(done)
      .map(([kind, n]) => `${n} ${kind} of ${Math.round((times[kind as Kind] ?? 0) / n)} ms`)
      .join(', ')}): ` +
      `${acknowledged.length} runs, ${rows.length} attempts, ${lost} lost, ${byFar} done by workers of the pool, ` +
      `${Math.max(...site.wires.map(({ most }) => most))} of ${mostConnections} connections, quiet after ${Date.now() - lastFault} ms`,
  )
  expect(
    faults.slice(0, 20),
    `seed ${seed}, ${count} faults\n${[...site.fleet, ...far.workers].map(({ said }) => said.slice(-3000)).join('\n')}`,
  ).toEqual([])
  expect(lost).toBeGreaterThan(0)
  expect(byFar).toBeGreaterThan(0)
  expect(await markedWith(site.ledger)).toEqual([])
}, 3_600_000)
test('mutants of a history are caught', async () => {
  const rows = await attemptRows(site.db)
  const starts = await site.starts()
  const row = rows.find(({ state, pool }) => state === 'succeeded' && pool !== null)
  if (row === undefined) throw new Error('the first test left attempts')
  const [at = 0] = starts.get(row.id) ?? []
  const judged = (change: Partial<typeof row>, given: Map<string, number[]>) =>
    judgeAttempts([{ ...row, ...change }], given, slots)
  const only = (...times: number[]) => new Map([[row.id, times]])
  expect(judged({}, only(at))).toEqual([])
  expect(judged({}, only(at, at))).toEqual([expect.stringContaining('2 times')])
  expect(judged({}, new Map())).toEqual([expect.stringContaining('without its code')])
  expect(judged({ gate: null }, only(at))).toEqual([expect.stringContaining('without the gate')])
  expect(judged({ state: 'running' }, only(at))).toEqual([expect.stringContaining('still running')])
  expect(judged({ ended: at - 2000 }, only(at))).toEqual([expect.stringContaining('after its end')])
  expect(judged({ cancel_asked: (row.gate ?? 0) - 1 }, only(at))).toEqual([expect.stringContaining('R17')])
  expect(judged({ cancel_asked: at, run_ended: at - 1 }, only(at))).toEqual([expect.stringContaining('R17')])
  expect(judged({}, new Map([...only(at), ['none', [at]]]))).toEqual([
    expect.stringContaining('for no attempt'),
  ])
  const crowd = Array.from({ length: slots + 1 }, (_, i) => ({ ...row, id: `${i}` }))
  const started = new Map(crowd.map(({ id }) => [id, [at]]))
  expect(judgeAttempts(crowd, started, slots)).toEqual([expect.stringContaining('R4')])
})
