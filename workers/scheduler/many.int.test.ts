/** One run must not stall others: one that cannot be read, one that waits, two that lock each other out. */
import { randomUUID } from 'node:crypto'
import { expect, test } from 'vitest'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'
import { insertIntervention, lockTaskRun } from '#db/queries/intervention.ts'
import { lockRun, writeState } from '#db/queries/run-state.ts'
import { insertAttempt } from '#db/queries/attempt.ts'
import { lockPoolOf } from '#db/queries/claim.ts'
import { savePool } from '#db/queries/pool.ts'
import { gateMs, leaseMs } from '#server/config/lease.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { postgresStore } from '#db/scheduling-store.ts'
import { specOf } from '#db/queries/version.ts'
import { attemptEnd } from '../executors/executor.ts'
import { DatabaseSink } from './attempt-sink.ts'
import { realEffects } from './effects.ts'
import { RunAdvancer } from './run-advancer.ts'
import { succeeds } from '../testing/scripted-executor.ts'
import { scheduling } from '../testing/scheduling.ts'

const { database, work, dag, start, over, until } = scheduling()

const one = '  - {id: a, command: [a]}'

/** Takes a task run away: no machine can be made of the run any more. */
const spoil = (runId: string) =>
  database().client`delete from task_run where run_id = ${runId} and task = 'a'`

test('[R18] a queued run that cannot be read holds up no other, and no start of a scheduler', async () => {
  const bad = await start(one)
  await spoil(bad)
  const { executor } = await work(() => succeeds())
  const good = await start(one)
  expect((await over(good)).state).toBe('succeeded')
  expect(executor.started).toHaveLength(1)
})

test('[R18] a running run that cannot be read holds up no other, and no start of a scheduler', async () => {
  const bad = await start(one)
  const sql = database().client
  await sql`update run set state = 'running', started_at = now(), cancel_requested_at = now(), due_at = now() where id = ${bad}`
  await sql`update task_run set state = 'queued', queued_at = now(), due_at = now() where run_id = ${bad}`
  const [row] = await sql<{ task_run_id: string }[]>`
    insert into task_run (run_id, task, state, queued_at) values (${bad}, 'b', 'queued', now()) returning id as task_run_id`
  const { userId } = await ensureFirstOwner(database(), { team: 'main', user: 'Owner', email: 'o@x' })
  await insertIntervention(database(), {
    runId: bad,
    taskRunId: row?.task_run_id ?? '',
    deed: { kind: 'mark', as: 'failed', reason: 'r' },
    userId,
    outcome: null,
  })
  const { executor } = await work(() => succeeds(), 2)
  const goods = [await start(one), await start(one), await start(one)]
  for (const good of goods) expect((await over(good)).state).toBe('succeeded')
  expect(executor.started).toHaveLength(3)
})

test('[R18] [R2] a run that fails the scheduler again and again ends, with all that is open of it, and says so', async () => {
  const bad = await start(one)
  await spoil(bad)
  const worse = await start('  - {id: a, command: [a]}\n  - {id: b, command: [b]}')
  const sql = database().client
  await sql`update run set state = 'running', started_at = now(), due_at = now() where id = ${worse}`
  const [b] = await sql<{ id: string }[]>`
    update task_run set state = 'running', started_at = now() where run_id = ${worse} and task = 'b' returning id`
  const token = randomUUID()
  const given = { taskRunId: b?.id ?? '', runId: worse, n: 1, kind: 'main', executor: 'x' } as const
  await insertAttempt(database(), { ...given, token, workerId: randomUUID() }, leaseMs)
  await spoil(worse)
  // Its clock is quick: what takes it a quarter of an hour is soon over.
  await work(() => succeeds(), 2, { elapsed: () => performance.now() * 1000 })
  const wakes = setInterval(() => void sql`select pg_notify('dagbok_work', '')`.catch(() => {}), 20)
  const ended = { state: 'failed', reason: 'infrastructure_unknown' }
  expect(await over(bad)).toEqual(ended)
  expect(await over(worse)).toEqual(ended)
  clearInterval(wakes)
  const [row] = await sql<{ message: string; task: string; attempt: string }[]>`
    select r.message, t.state::text as task, a.state::text as attempt
    from run r join task_run t on t.run_id = r.id join attempt a on a.task_run_id = t.id where r.id = ${worse}`
  expect(row).toMatchObject({ task: 'failed', attempt: 'lost' })
  expect(row?.message).toMatch(/^Dagbok could not take it any further: that failed \d+ times in a row\./)
})

test('[R18] hundreds of runs that wait for their turn hold up no run of another DAG', async () => {
  const { dagId, versionId, run } = await dag(one, 'limits: {max_active_runs: 1}\n')
  const spec = await specOf(database(), versionId)
  if (spec === null) throw new Error('no spec')
  let end: () => void = () => {}
  const held = new Promise<void>((done) => (end = done))
  await work(async (job) => {
    if (job.dag !== other.id) await held
    return succeeds()
  })
  const other = await dag(one)
  const first = await run()
  await until(first, 'a', 'running')
  await database().transaction(async (tx) => {
    for (let i = 0; i < 600; i++)
      await createRun(tx, { dagId, versionId, spec, trigger: 'manual', triggeredBy: null, params: {} })
  })
  expect((await over(await other.run())).state).toBe('succeeded')
  const running = await database()
    .client`select number from run where dag_id = ${dagId} and state = 'running'`
  expect(running.map((row) => row['number'])).toEqual([1])
  await database().client`update run set cancel_requested_at = now() where dag_id = ${dagId}`
  end()
})

test('an answer that comes while its run is advanced waits for it: neither is undone', async () => {
  const runId = await start('  - {id: a, approve: {message: Go?}}')
  const [row] = await database().client<{ id: string }[]>`select id from task_run where run_id = ${runId}`
  const id = row?.id ?? ''
  const { promise: locked, resolve: hasLocked } = Promise.withResolvers<void>()
  const { promise: goOn, resolve: mayGoOn } = Promise.withResolvers<void>()
  const advancing = database().transaction(async (tx) => {
    await lockRun(tx, runId)
    hasLocked()
    await goOn
    const to = { state: 'awaiting_input' as const, reason: null, message: null, userFailures: 0 }
    const task = {
      id,
      from: 'waiting',
      to: { ...to, infrastructureFailures: 0, attempts: 0, dueAt: null, readyAt: null, heldAt: null },
    }
    return writeState(tx, runId, { tasks: [task], run: null, now: Date.now(), topics: [] })
  })
  await locked
  const answering = database().transaction(async (tx) => {
    const found = await lockTaskRun(tx, runId, 'a', null)
    const deed = { kind: 'answer' as const, yes: true, comment: null, values: {} }
    return insertIntervention(tx, { runId, taskRunId: found?.id ?? '', deed, userId: null, outcome: null })
  })
  // It has its lock, or waits for one.
  const waits = () =>
    database()
      .client`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
  while ((await waits()).length === 0 && (await stillOpen(answering)))
    await new Promise((done) => setImmediate(done))
  mayGoOn()
  expect(await Promise.all([advancing, answering])).toEqual([1, true])
})

const stillOpen = (work: Promise<unknown>) =>
  Promise.race([
    work.then(() => false).catch(() => false),
    new Promise<boolean>((done) => setImmediate(() => done(true))),
  ])

test('[R4] two runs that want the slots of two pools, in different orders, get them one after the other', async () => {
  const { teamId } = await ensureFirstOwner(database(), { team: 'main', user: 'Owner', email: 'o@x' })
  for (const name of ['left', 'right']) await savePool(database(), { teamId, name, slots: 5 })
  const ids = async () => {
    const runId = await start('  - {id: l, pool: left, command: [l]}\n  - {id: r, pool: right, command: [r]}')
    const rows = await database().client<
      { id: string }[]
    >`select id from task_run where run_id = ${runId} order by task`
    return rows.map(({ id }) => id)
  }
  const [l1 = '', r1 = ''] = await ids()
  const [l2 = '', r2 = ''] = await ids()
  const took: string[] = []
  const { promise: both, resolve: meet } = Promise.withResolvers<void>()
  const take = (first: string, second: string) =>
    database().transaction(async (tx) => {
      await tx.execute("set local lock_timeout = '5s'")
      await lockPoolOf(tx, first)
      took.push(first)
      if (took.length === 2) meet()
      // The other one has its first lock by then, or waits for this one.
      await Promise.race([both, waitsForLock()])
      await lockPoolOf(tx, second)
    })
  await Promise.all([take(l1, r1), take(r2, l2)])
  expect(took).toHaveLength(2)
})

async function waitsForLock(): Promise<void> {
  for (;;) {
    const found = await database()
      .client`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
    if (found.length > 0) return
  }
}

test('[R14] what Postgres undoes to end a deadlock is done again', async () => {
  const runId = await start(one)
  const runs = new RunAdvancer(postgresStore(database()), () => {})
  let tries = 0
  const accepted = await runs.apply(runId, async () => {
    if (++tries === 1)
      await database().execute(
        "do $$ begin raise exception 'deadlock' using errcode = 'deadlock_detected'; end $$",
      )
    return [{ kind: 'admitted' }]
  })
  expect([accepted, tries]).toEqual([true, 2])
  const [row] = await database().client`select state from run where id = ${runId}`
  expect(row).toMatchObject({ state: 'running' })
})

/** An attempt that its executor has taken; gives its token. */
async function submitted(runs: RunAdvancer, sink: DatabaseSink, runId: string): Promise<string> {
  const token = randomUUID()
  await runs.apply(runId, () => Promise.resolve([{ kind: 'admitted' }]))
  await runs.apply(runId, async (tx, live) => {
    const taskRunId = live.ids[0]?.[0] ?? ''
    const given = { taskRunId, runId, n: 1, kind: 'main', executor: 'x', workerId: randomUUID() } as const
    await tx.insertAttempt({ ...given, token }, leaseMs)
    return [{ kind: 'claimed', node: 0, item: 0 }]
  })
  await sink.submitted(token, {})
  return token
}

test('[R1] the start gate prolongs the lease: its answer is believed for a while', async () => {
  const runId = await start(one)
  const store = postgresStore(database())
  const runs = new RunAdvancer(store, () => {})
  const sink = new DatabaseSink(store, runs, new Map(), realEffects)
  const token = await submitted(runs, sink, runId)
  await database().client`update attempt set lease_until = clock_timestamp() where token = ${token}`
  expect(await sink.passGate(token, {})).toBe(true)
  const [row] = await database().client<{ left: number }[]>`
    select extract(epoch from lease_until - clock_timestamp())::float8 * 1000 as left from attempt where token = ${token}`
  expect(row?.left).toBeGreaterThan(gateMs)
  await sink.ended(token, attemptEnd('lost', 'worker_lost', null))
})

test('[R1] an attempt whose end is written together with its start gate does not start', async () => {
  const runId = await start(one)
  const real = postgresStore(database())
  let release = () => {}
  const isReleased = new Promise<void>((done) => (release = done))
  let asked = 0
  const findLiveAttempt = async (token: string) => {
    const key = await real.findLiveAttempt(token)
    if (++asked === 2) setImmediate(release)
    return key
  }
  const store = { ...real, findLiveAttempt }
  const runs = new RunAdvancer(store, () => {})
  const sink = new DatabaseSink(store, runs, new Map(), realEffects)
  const token = await submitted(runs, sink, runId)
  // Both wait in one mailbox, and go into one transaction.
  const busy = runs.apply(runId, () => isReleased.then(() => null))
  const both = [sink.passGate(token, {}), sink.ended(token, attemptEnd('lost', 'worker_lost', null))]
  expect(await Promise.all(both)).toEqual([false, true])
  await busy
})
