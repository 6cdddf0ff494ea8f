/**
 * Three workers (each a scheduler and an executor) and the database under real faults, while runs come in: kill -9 at
 * random times and at named stages, a pause longer than the lease, cut connections, none left, Postgres killed.
 */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openSql } from '#db/sql.ts'
import { savePool, teamOfDag } from '#db/queries/pool.ts'
import { trials } from '#server/config/trials.ts'
import { notebook, slots } from './fleet-dag.ts'
import { openSite, type Site } from './fleet-site.ts'
import type { FleetWorker } from './fleet.ts'
import { attemptRows, judgeAttempts, judgeRuns, openRuns } from './history.ts'
import { randomFrom } from './random.ts'
import { markedWith } from './survivors.ts'
import { insist, pause } from './until.ts'

const leaseMs = 1500
/** Runs that are under way while faults come. */
const busy = 6

const stages = [
  'run.admit.before',
  'attempt.claim.after-record',
  'attempt.spawn.after-effect-before-record',
  'attempt.gate.before',
  'attempt.gate.after-record',
  'output.publish.after-effect-before-record',
  'attempt.end.before',
  'attempt.end.after-record',
] as const
/** Of twenty trials: how many are of which kind. */
const kinds = [
  ...Array.from({ length: 7 }, () => 'kill' as const),
  ...Array.from({ length: 6 }, () => 'stage' as const),
  ...Array.from({ length: 3 }, () => 'connections cut' as const),
  ...Array.from({ length: 2 }, () => 'pause' as const),
  'no connection left' as const,
  'postgres killed' as const,
]

let site: Site
/** Runs that were told to be made. */
const acknowledged: string[] = []

beforeAll(async () => {
  site = await openSite({ notebook, workers: 3, leaseMs })
  await savePool(site.db, { teamId: await teamOfDag(site.db, site.dag.dagId), name: 'narrow', slots })
})
afterAll(() => site?.close())

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

async function takeConnections(): Promise<void> {
  const greedy = openSql(site.url, { max: 90 })
  const held = Array.from({ length: 90 }, () => greedy`select pg_sleep(1)`.catch(() => null))
  await insist(
    () =>
      site.db
        .client`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dagbok worker'`,
  )
  await Promise.all(held)
  await greedy.end()
}

/** Waits for the failpoint's kill; a stage that nothing comes to within some seconds is killed from outside. */
async function dieAtStage(worker: FleetWorker, stage: string): Promise<void> {
  await worker.kill()
  worker.start([`${stage}=kill`])
  for (const end = Date.now() + 10_000; !worker.dead && Date.now() < end;) await pause(20)
  await worker.kill()
}

/** One that holds an attempt, if within some seconds there is one: what it is killed in the midst of. */
async function working(next: (below: number) => number): Promise<FleetWorker> {
  for (const end = Date.now() + 5000; Date.now() < end; await pause(10)) {
    const rows = await insist(
      () => site.db.client<{ pid: number }[]>`
        select distinct w.pid from attempt a join worker w on w.id = a.worker_id
        where a.state in ('created', 'submitted', 'running')`,
    )
    const holding = site.fleet.filter(({ dead, pid }) => !dead && rows.some((row) => row.pid === pid))
    const found = holding[next(Math.max(1, holding.length))]
    if (found !== undefined) return found
  }
  const any = site.fleet[next(site.fleet.length)]
  if (any === undefined) throw new Error('the fleet has workers')
  return any
}

async function strike(seed: number): Promise<string> {
  const next = randomFrom(seed)
  const kind = kinds[seed % kinds.length] ?? 'kill'
  await feed(next)
  await pause(next(250))
  const worker = await working(next)
  if (kind === 'kill') await worker.kill()
  else if (kind === 'stage') await dieAtStage(worker, stages[next(stages.length)] ?? '')
  else if (kind === 'connections cut')
    await insist(
      () =>
        site.db
          .client`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dagbok worker'`,
    )
  else if (kind === 'no connection left') await takeConnections()
  else if (kind === 'postgres killed') await site.killPostgres()
  else {
    worker.pause()
    await pause(leaseMs * 1.5)
    worker.resume()
  }
  // One that ended by itself is started again, as the supervisor does.
  for (const one of site.fleet) if (one.dead) one.start()
  return kind
}

test('[R1] [R2] [R3] [R4] [R14] [R17] under kills, pauses and a database that goes away: nothing is lost, run twice or stuck', async () => {
  const { count, seed } = trials(230)
  const done: Record<string, number> = {}
  for (const worker of site.fleet) worker.start()
  for (let i = 0; i < count; i++) {
    const kind = await strike(seed + i)
    done[kind] = (done[kind] ?? 0) + 1
    const ended = site.fleet.filter(({ exitCode }) => exitCode !== null && exitCode !== 0)
    expect(
      ended.map(({ said }) => said),
      `seed ${seed + i} (${kind}): a worker gave up`,
    ).toEqual([])
  }
  const lastFault = Date.now()
  while ((await openRuns(site.db.client)) > 0)
    if (Date.now() > lastFault + 120_000) break
    else await pause(50)
  const rows = await attemptRows(site.db)
  const faults = [
    ...judgeAttempts(rows, await site.starts(), slots),
    ...(await judgeRuns(site.db, acknowledged)),
  ]
  const lost = rows.filter(({ state }) => state === 'lost').length
  console.log(
    `${count} faults from seed ${seed} (${Object.entries(done)
      .map(([kind, n]) => `${n} ${kind}`)
      .join(', ')}): ` +
      `${acknowledged.length} runs, ${rows.length} attempts, ${lost} lost, quiet after ${Date.now() - lastFault} ms`,
  )
  expect(
    faults.slice(0, 20),
    `seed ${seed}, ${count} faults\n${site.fleet.map(({ said }) => said.slice(-3000)).join('\n')}`,
  ).toEqual([])
  expect(lost).toBeGreaterThan(0)
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
  expect(judged({ cancel_asked: (row.gate ?? 0) - 1 }, only(at))).toEqual([expect.stringContaining('R17')])
  expect(judged({ cancel_asked: at, run_ended: at - 1 }, only(at))).toEqual([expect.stringContaining('R17')])
  expect(judged({}, new Map([...only(at), ['none', [at]]]))).toEqual([
    expect.stringContaining('for no attempt'),
  ])
  const crowd = Array.from({ length: slots + 1 }, (_, i) => ({ ...row, id: `${i}` }))
  const started = new Map(crowd.map(({ id }) => [id, [at]]))
  expect(judgeAttempts(crowd, started, slots)).toEqual([expect.stringContaining('R4')])
})
