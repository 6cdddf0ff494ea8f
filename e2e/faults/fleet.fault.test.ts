/**
 * Three workers (each a scheduler and an executor) and the database under real faults, while runs come in: kill -9 at
 * random times and at named stages, a pause longer than the lease, cut connections, none left, Postgres killed.
 */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { keepPostgres, type KeptPostgres } from '#cli/start/postgres.ts'
import { openClient, openDatabase, type Database } from '#db/client.ts'
import { ensureDatabase } from '#db/embedded/postgres.ts'
import { migrateDatabase } from '#db/migrate.ts'
import { wakeScheduler } from '#db/queries/live.ts'
import { savePool, teamOfDag } from '#db/queries/pool.ts'
import { requestCancel } from '#db/queries/run-state.ts'
import { specOf } from '#db/queries/version.ts'
import { trials } from '#server/config/trials.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import { FleetWorker } from './fleet.ts'
import { notebook, slots } from './fleet-dag.ts'
import { attemptRows, judgeAttempts, judgeRuns, startsOf } from './history.ts'
import { randomFrom } from './random.ts'
import { endThem, markedWith } from './survivors.ts'

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

let folder = ''
let postgres: KeptPostgres
let db: Database
let hosted: Hosted
let ledger = ''
let dag: { dagId: string; versionId: string; spec: Spec }
let fleet: FleetWorker[] = []
/** Runs that were told to be made. */
const acknowledged: string[] = []

beforeAll(async () => {
  const shared = process.getuid?.() === 0 ? '/var/lib/dagbok' : null
  if (shared !== null) await mkdir(shared, { recursive: true, mode: 0o711 })
  folder = await mkdtemp(join(shared ?? tmpdir(), 'fleet-'))
  await chmod(folder, 0o711)
  postgres = await keepPostgres({ folder: join(folder, 'postgres'), sharedBinaries: shared }, (error) => {
    throw error
  })
  await ensureDatabase(postgres, 'fleet')
  const url = postgres.url('fleet')
  await migrateDatabase(url)
  db = openDatabase(url, { max: 4, applicationName: 'dagbok fault test' })
  hosted = await startHosted(db)
  ledger = join(folder, 'ledger')
  await writeFile(ledger, '')
  // As root the tasks have another user id.
  await chmod(ledger, 0o666)
  const tree = await hosted.work('fleet', { 'fleet.dag.md': notebook })
  await tree.commit('A DAG for the fleet')
  await tree.git('push', '-q', hosted.remote('fleet'), 'main')
  const [version] = await db.client<{ id: string; dag: string }[]>`select id, dag_id as dag from version`
  const spec = version === undefined ? null : await specOf(db, version.id)
  if (version === undefined || spec === null) throw new Error('the push made no version')
  dag = { dagId: version.dag, versionId: version.id, spec }
  await savePool(db, { teamId: await teamOfDag(db, dag.dagId), name: 'narrow', slots })
  const env = {
    DATABASE_URL: url,
    DAGBOK_DATA_DIR: hosted.folder,
    DAGBOK_TEST_LEASE_MS: String(leaseMs),
    NEXTAUTH_URL: 'http://dagbok.test',
    LOG_LEVEL: 'error',
  }
  fleet = await Promise.all([1, 2, 3].map(() => FleetWorker.make(folder, env)))
})
afterAll(async () => {
  for (const worker of fleet) await worker.remove()
  endThem(await markedWith(ledger))
  await hosted?.close()
  await db?.close()
  await postgres?.stop()
  await rm(folder, { recursive: true, force: true })
})

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** What the database is asked while it may be away: again until it answers. */
async function insist<T>(ask: () => Promise<T>): Promise<T> {
  for (const end = Date.now() + 120_000; ;)
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > end) throw error
      await pause(20)
    }
}

/** As many runs as keep the workers busy; some are cancelled again. */
async function feed(next: (below: number) => number): Promise<void> {
  const [open] = await insist(
    () => db.client<{ n: number }[]>`select count(*)::int as n from run where ended_at is null`,
  )
  for (let n = open?.n ?? 0; n < busy; n++) {
    const { id } = await insist(() =>
      db.transaction((tx) =>
        createRun(tx, { ...dag, trigger: 'api', triggeredBy: null, params: { ledger } }),
      ),
    )
    acknowledged.push(id)
    if (next(6) !== 0) continue
    const at = next(400)
    void pause(at).then(() =>
      insist(() =>
        db.transaction(async (tx) => void ((await requestCancel(tx, id, null)) && (await wakeScheduler(tx)))),
      ),
    )
  }
}

async function takeConnections(): Promise<void> {
  const greedy = openClient(postgres.url('fleet'), { max: 90 })
  const held = Array.from({ length: 90 }, () => greedy`select pg_sleep(1)`.catch(() => null))
  await insist(
    () =>
      db.client`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dagbok worker'`,
  )
  await Promise.all(held)
  await greedy.end({ timeout: 5 })
}

async function killPostgres(): Promise<void> {
  const holder = join(folder, 'postgres', 'cluster', 'postmaster.pid')
  const [pid] = (await readFile(holder, 'utf8')).split('\n')
  process.kill(Number(pid), 'SIGKILL')
}

/** Waits for the failpoint's kill; a stage that nothing comes to within some seconds is killed from outside. */
async function dieAtStage(worker: FleetWorker, stage: string): Promise<void> {
  await worker.kill()
  worker.start([`${stage}=kill`])
  for (const end = Date.now() + 10_000; !worker.dead && Date.now() < end;) await pause(20)
  await worker.kill()
}

async function strike(seed: number): Promise<string> {
  const next = randomFrom(seed)
  const kind = kinds[seed % kinds.length] ?? 'kill'
  const worker = fleet[next(fleet.length)]
  if (worker === undefined) throw new Error('the fleet has workers')
  await feed(next)
  await pause(next(250))
  if (kind === 'kill') await worker.kill()
  else if (kind === 'stage') await dieAtStage(worker, stages[next(stages.length)] ?? '')
  else if (kind === 'connections cut')
    await insist(
      () =>
        db.client`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dagbok worker'`,
    )
  else if (kind === 'no connection left') await takeConnections()
  else if (kind === 'postgres killed') await killPostgres()
  else {
    worker.pause()
    await pause(leaseMs * 1.5)
    worker.resume()
  }
  // One that ended by itself is started again, as the supervisor does.
  for (const one of fleet) if (one.dead) one.start()
  return kind
}

const quiet = () =>
  insist(async () => {
    const [open] = await db.client<{ n: number }[]>`select count(*)::int as n from run where ended_at is null`
    return open?.n === 0
  })

test('[R1] [R2] [R3] [R4] [R14] [R17] under kills, pauses and a database that goes away: nothing is lost, run twice or stuck', async () => {
  const { count, seed } = trials(230)
  const done: Record<string, number> = {}
  for (const worker of fleet) worker.start()
  for (let i = 0; i < count; i++) {
    const kind = await strike(seed + i)
    done[kind] = (done[kind] ?? 0) + 1
    const ended = fleet.filter(({ exitCode }) => exitCode !== null && exitCode !== 0)
    expect(
      ended.map(({ said }) => said),
      `seed ${seed + i} (${kind}): a worker gave up`,
    ).toEqual([])
  }
  const lastFault = Date.now()
  while (!(await quiet()))
    if (Date.now() > lastFault + 120_000) break
    else await pause(50)
  const rows = await attemptRows(db)
  const faults = [
    ...judgeAttempts(rows, startsOf(await readFile(ledger, 'utf8')), slots),
    ...(await judgeRuns(db, acknowledged)),
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
    `seed ${seed}, ${count} faults\n${fleet.map(({ said }) => said.slice(-3000)).join('\n')}`,
  ).toEqual([])
  expect(lost).toBeGreaterThan(0)
  expect(await markedWith(ledger)).toEqual([])
}, 3_600_000)

test('mutants of a history are caught', async () => {
  const rows = await attemptRows(db)
  const starts = startsOf(await readFile(ledger, 'utf8'))
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
