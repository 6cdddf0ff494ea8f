/** What engine.md promises of a run, through the real scheduler and database. */
import { expect, test } from 'vitest'
import { wakeScheduler } from '#db/queries/live.ts'
import { savePool } from '#db/queries/pool.ts'
import { requestCancel } from '#db/queries/run-state.ts'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'
import { attemptEnd, type AttemptJob } from '../executors/executor.ts'
import { scheduling } from '../testing/scheduling.ts'
import { fails, succeeds } from '../testing/scripted-executor.ts'

const { database, texts, work, dag, start, over, states, until } = scheduling()

const names = (jobs: AttemptJob[]) =>
  jobs.map((job) => (job.key === null ? job.task : `${job.task}[${job.key}]`))
const cancel = (runId: string) =>
  database().transaction(async (tx) => {
    await requestCancel(tx, runId, null)
    await wakeScheduler(tx)
  })

test('a map is expanded over a value, each item sees itself, and what comes after sees lists', async () => {
  const { executor } = await work((job) =>
    succeeds({
      values:
        job.task === 'list'
          ? [{ name: 'files', value: ['x', 'y', 'z'], declared: false }]
          : [{ name: 'n', value: Number(job.env['DAGBOK_INDEX'] ?? 0) * 10, declared: false }],
    }),
  )
  const id = await start(
    `  - {id: list, command: [list]}
  - {id: m, needs: [list], map: "\${{ tasks.list.values.files }}", if: "\${{ item != 'y' }}", command: [work, "\${{ item }}"]}
  - {id: sum, needs: [m], trigger_rule: none_failed, command: [sum, "\${{ tasks.m.values.n }}"]}`,
  )
  expect(await over(id)).toEqual({ state: 'succeeded', reason: null })
  expect(await states(id)).toEqual({
    list: 'succeeded',
    'm[x]': 'succeeded',
    'm[y]': 'skipped',
    'm[z]': 'succeeded',
    sum: 'succeeded',
  })
  const byTask = (task: string) => executor.started.filter((job) => job.task === task)
  expect(byTask('m').map((job) => [job.env['DAGBOK_ITEM'], job.env['DAGBOK_INDEX']])).toEqual(
    expect.arrayContaining([
      ['x', '0'],
      ['z', '2'],
    ]),
  )
  expect(byTask('sum')[0]?.action).toMatchObject({ command: ['sum', '[0,null,20]'] })
})

test('a map over the lines of an output, and one over nothing', async () => {
  texts.set('a'.repeat(64), 'one\ntwo\n')
  await work((job) =>
    succeeds({
      outputs:
        job.task === 'list'
          ? [{ name: 'f', path: 'f.txt', hash: 'a'.repeat(64), size: 8, mediaType: 'text/plain' }]
          : [],
    }),
  )
  const id = await start(
    `  - {id: list, command: [list], outputs: {f: f.txt}}
  - {id: m, needs: [list], map: {over: "\${{ lines(tasks.list.outputs.f) }}", key: "k-\${{ item }}", max_parallel: 1}, command: [work]}
  - {id: none, map: "\${{ [1].filter(x, x > 1) }}", command: [work]}
  - {id: bad, map: "\${{ 'text' }}", command: [work], allow_failure: true}`,
  )
  expect((await over(id)).state).toBe('succeeded')
  expect(await states(id)).toEqual({
    bad: 'failed',
    list: 'succeeded',
    'm[k-one]': 'succeeded',
    'm[k-two]': 'succeeded',
    none: 'skipped',
  })
})

test('[R17] a cancelled run undoes what it set up and runs what is last; a second cancel does not wait for it', async () => {
  const { executor } = await work(async (job, cancelled) => {
    if (job.task === 'make') return succeeds()
    if (job.task === 'undo') return succeeds()
    await cancelled
    return attemptEnd('cancelled', 'cancel_requested', null)
  })
  const id = await start(
    `  - {id: make, command: [x], setup_for: [work]}
  - {id: work, needs: [make], command: [x]}
  - {id: undo, needs: [work], teardown_for: [make], command: [x]}
  - {id: bye, finally: true, command: [x]}`,
  )
  await until(id, 'work', 'running')
  await cancel(id)
  await until(id, 'bye', 'running')
  expect(await states(id)).toMatchObject({ work: 'cancelled', undo: 'succeeded', bye: 'running' })
  await cancel(id)
  expect(await over(id)).toEqual({ state: 'cancelled', reason: 'cancel_requested' })
  expect(names(executor.started)).toEqual(['make', 'work', 'undo', 'bye'])
})

test('a poll looks again, holds nothing between, and uses no retry', async () => {
  const { executor } = await work((job) =>
    job.task === 'a' && job.n < 3 ? { ...fails(), exitCode: 75 } : succeeds(),
  )
  const id = await start(
    '  - {id: a, command: [ready], poll: {every: 20ms, not_ready_exit_codes: [75]}}\n  - {id: b, needs: [a], command: [b]}',
  )
  expect((await over(id)).state).toBe('succeeded')
  expect(executor.started.map((job) => job.n)).toEqual([1, 2, 3, 1])
  const kinds = await database().client`select distinct kind from attempt where run_id = ${id} order by kind`
  expect(kinds.map((row) => row['kind'] as string)).toEqual(['main', 'probe'])
})

test('a wait for a time, and one for the run of another DAG with the same logical date', async () => {
  await work(() => succeeds())
  const other = await dag('  - {id: a, command: [a]}')
  const [row] = await database().client`select d.name from dag d where d.id = ${other.dagId}`
  const waiting = await dag(
    `  - {id: t, wait: 30ms}\n  - {id: past, needs: [t], wait: {until: "2026-01-01"}}\n  - {id: w, needs: [past], wait: {run: "${await repositoryOf(other.dagId)}/${String(row?.['name'])}"}}\n  - {id: z, needs: [w], command: [z]}`,
  )
  const logicalDate = new Date('2026-02-01T00:00:00Z')
  const id = await waiting.run({ logicalDate, trigger: 'schedule' })
  await until(id, 'past', 'succeeded')
  await over(await other.run({ logicalDate, trigger: 'schedule' }))
  expect((await over(id)).state).toBe('succeeded')

  const alone = await waiting.run()
  expect((await over(alone)).state).toBe('failed')
})

test('a wait for another DAG goes on with the end of its run, without a poll', async () => {
  await work(() => succeeds(), 8, { after: () => () => {} })
  const other = await dag('  - {id: a, command: [a]}')
  const [row] = await database().client`select d.name from dag d where d.id = ${other.dagId}`
  const of = `${await repositoryOf(other.dagId)}/${String(row?.['name'])}`
  const waiting = await dag(`  - {id: w, wait: {run: "${of}"}}\n  - {id: free, command: [f]}`)
  const dated = { logicalDate: new Date('2026-03-01T00:00:00Z'), trigger: 'schedule' as const }
  const id = await waiting.run(dated)
  await until(id, 'free', 'succeeded')
  expect(await states(id)).toMatchObject({ w: 'waiting' })
  expect((await over(await other.run(dated))).state).toBe('succeeded')
  expect((await over(id)).state).toBe('succeeded')
})

test('a wait for another DAG ends as its lists say of the newest run, and a bound ends it without one', async () => {
  await work((job) => (job.task === 'a' ? fails() : succeeds()))
  const other = await dag('  - {id: a, command: [a]}')
  const [row] = await database().client`select d.name from dag d where d.id = ${other.dagId}`
  const of = `run: "${await repositoryOf(other.dagId)}/${String(row?.['name'])}"`
  const waiting = await dag(`  - {id: fail, wait: {${of}, failed_states: [failed]}}
  - {id: skip, wait: {${of}, skipped_states: [failed]}}
  - {id: any, wait: {${of}, allowed_states: [succeeded, failed]}}
  - {id: through, wait: {${of}, failed_states: [cancelled], timeout: 50ms, on_timeout: skip}}
  - {id: after, needs: [fail], trigger_rule: all_failed, command: [z]}`)
  const at = (day: number) => ({
    logicalDate: new Date(Date.UTC(2026, 1, day)),
    trigger: 'schedule' as const,
  })
  await over(await other.run(at(1)))
  const id = await waiting.run(at(1))
  expect(await over(id)).toEqual({ state: 'failed', reason: 'task_failed' })
  expect(await states(id)).toEqual({
    fail: 'failed',
    skip: 'skipped',
    any: 'succeeded',
    through: 'skipped',
    after: 'succeeded',
  })
  const told = await database().client<{ task: string; reason: string | null; message: string | null }[]>`
    select task, reason::text as reason, message from task_run where run_id = ${id} and task in ('fail', 'through')
    order by task`
  expect([...told]).toEqual([
    {
      task: 'fail',
      reason: 'awaited_run',
      message: `Run 1 of ${of.slice(6, -1)}, of the same logical date, is failed.`,
    },
    { task: 'through', reason: 'wait_timeout', message: null },
  ])
})

async function repositoryOf(dagId: string): Promise<string> {
  const [row] = await database()
    .client`select p.name from repository p join dag d on d.repository_id = p.id where d.id = ${dagId}`
  return String(row?.['name'])
}

test('`retry_if` and the lists of exit codes have their say', async () => {
  const { executor } = await work((job) => ({ ...fails(), exitCode: job.task === 'skip' ? 99 : 3 }))
  const id = await start(
    `  - {id: skip, command: [x], retries: 5, skip_exit_codes: [99]}
  - {id: twice, command: [x], retries: 5, retry_if: "\${{ exit_code == 3 && attempt < 2 }}"}
  - {id: once, command: [x], retries: 5, fail_exit_codes: [3]}`,
  )
  expect((await over(id)).state).toBe('failed')
  expect(await states(id)).toEqual({ skip: 'skipped', twice: 'failed', once: 'failed' })
  expect(names(executor.started).sort()).toEqual(['once', 'skip', 'twice', 'twice'])
})

test('[R4] the slots of a pool are never exceeded, and what it holds back does not hold back others', async () => {
  const { teamId } = await ensureFirstOwner(database(), { team: 'main', user: 'Owner', email: 'o@x' })
  await savePool(database(), { teamId, name: 'gpu', slots: 3 })
  let [used, most] = [0, 0]
  const { executor } = await work(async (job) => {
    const slots = job.task.startsWith('two') ? 2 : job.task.startsWith('one') ? 1 : 0
    most = Math.max(most, (used += slots))
    await new Promise((done) => setImmediate(done))
    used -= slots
    return succeeds()
  }, 6)
  const tasks = [
    ...Array.from({ length: 10 }, (_, i) => `  - {id: two${i}, pool: gpu, slots: 2, command: [x]}`),
    ...Array.from({ length: 10 }, (_, i) => `  - {id: one${i}, pool: gpu, command: [x]}`),
    '  - {id: free, command: [x]}',
    '  - {id: nowhere, pool: missing, queue_timeout: 100ms, command: [x]}',
  ]
  const id = await start(tasks.join('\n'))
  expect((await over(id)).state).toBe('failed')
  expect(await states(id)).toMatchObject({ free: 'succeeded', nowhere: 'failed' })
  expect(executor.started).toHaveLength(21)
  expect(most).toBeLessThanOrEqual(3)
})

test('values are found by a name in brackets', async () => {
  const { executor } = await work((job) =>
    succeeds({ values: [{ name: 'n', value: job.task === 'my-a' ? 1 : 2, declared: false }] }),
  )
  const id = await start(
    `  - {id: my-a, command: [x]}
  - {id: b, needs: [my-a], command: [x, "\${{ tasks['my-a'].values.n }}"]}`,
  )
  expect((await over(id)).state).toBe('succeeded')
  expect(executor.started[1]?.action).toMatchObject({ command: ['x', '1'] })
})

test('a higher priority goes first', async () => {
  const { executor } = await work(() => succeeds(), 1)
  const id = await start(
    '  - {id: root, command: [x]}\n  - {id: low, needs: [root], priority: -1, command: [x]}\n  - {id: mid, needs: [root], command: [x]}\n  - {id: top, needs: [root], priority: 9, command: [x]}',
  )
  expect((await over(id)).state).toBe('succeeded')
  expect(names(executor.started)).toEqual(['root', 'top', 'mid', 'low'])
})

test('`max_active_tasks` counts over all runs of a version', async () => {
  const { executor } = await work(() => succeeds(), 8)
  const made = await dag(
    Array.from({ length: 6 }, (_, i) => `  - {id: t${i}, command: [x]}`).join('\n'),
    'limits: {max_active_tasks: 2}\n',
  )
  const ids = [await made.run(), await made.run()]
  for (const id of ids) expect((await over(id)).state).toBe('succeeded')
  expect(executor.most).toBeLessThanOrEqual(2)
})

const holding = () => {
  let open: () => void = () => {}
  const gate = new Promise<void>((done) => (open = done))
  return { gate, open: () => open() }
}

test.each([
  ['last_only', ['cancelled', 'cancelled', 'succeeded']],
  ['serial_latest_only', ['succeeded', 'cancelled', 'succeeded']],
  ['first_only', ['succeeded', 'cancelled', 'cancelled']],
  ['sequential', ['succeeded', 'succeeded', 'succeeded']],
] as const)('%s: of three runs %j', async (strategy, ends) => {
  const { gate, open } = holding()
  await work(async (_job, cancelled) => {
    let stopped = false
    await Promise.race([gate, cancelled.then(() => (stopped = true))])
    return stopped ? attemptEnd('cancelled', 'cancel_requested', null) : succeeds()
  })
  const made = await dag('  - {id: a, command: [x]}', `limits: {strategy: ${strategy}}\n`)
  const first = await made.run()
  await until(first, 'a', 'running')
  const second = await made.run()
  if (strategy === 'first_only' || strategy === 'last_only')
    await (strategy === 'first_only' ? over(second) : over(first))
  const third = await made.run()
  if (strategy !== 'sequential') await over(strategy === 'first_only' ? third : second)
  open()
  const seen = []
  for (const id of [first, second, third]) seen.push((await over(id)).state)
  expect(seen).toEqual(ends)
})

test('[R7] `depends_on_past` holds a task back no longer than its `queue_timeout`', async () => {
  await work(() => fails())
  const made = await dag('  - {id: chain, command: [x], depends_on_past: true, queue_timeout: 300ms}')
  const tick = (day: number) =>
    made.run({ trigger: 'schedule', logicalDate: new Date(Date.UTC(2026, 0, day)) })
  await over(await tick(1))
  const held = await tick(2)
  expect(await over(held)).toEqual({ state: 'failed', reason: 'task_failed' })
  const [row] = await database().client`select state, reason, attempts from task_run where run_id = ${held}`
  expect({ ...row }).toEqual({ state: 'failed', reason: 'queue_timeout', attempts: 0 })
})
