import { expect, test } from 'vitest'
import { endAttempt } from '#db/queries/attempt.ts'
import { requestCancel } from '#db/queries/run-state.ts'
import { attemptEnd } from '../executors/executor.ts'
import { fails, succeeds } from '../testing/scripted-executor.ts'
import { scheduling } from '../testing/scheduling.ts'

const { database, work, start, over, states, until } = scheduling()

test('a run goes through its tasks in order, with values, conditions and a matrix', async () => {
  const { executor } = await work((job) =>
    succeeds({ values: job.task === 'a' ? [{ name: 'n', value: 3, declared: false }] : [] }),
  )
  const id = await start(
    '  - {id: a, command: [a]}\n  - {id: m, needs: [a], matrix: {k: [1, 2]}, command: [m, "${{ tasks.a.values.n * matrix.k }}"]}\n  - {id: no, needs: [a], if: "${{ tasks.a.values.n > 5 }}", command: [no]}\n  - {id: z, needs: [m, no], trigger_rule: none_failed, command: [z]}',
  )
  expect(await over(id)).toEqual({ state: 'succeeded', reason: null })
  expect(await states(id)).toEqual({
    a: 'succeeded',
    'm[k=1]': 'succeeded',
    'm[k=2]': 'succeeded',
    no: 'skipped',
    z: 'succeeded',
  })
  expect(executor.started.map((job) => job.task)).toEqual(['a', 'm', 'm', 'z'])
  const items = executor.started.filter((job) => job.task === 'm')
  expect(Object.fromEntries(items.map((job) => [job.key, job.action]))).toEqual({
    'k=1': { kind: 'command', command: ['m', '3'], args: [] },
    'k=2': { kind: 'command', command: ['m', '6'], args: [] },
  })
})

test('a failure is retried after its delay, and then succeeds', async () => {
  const { executor } = await work((job) => (job.n < 3 ? fails() : succeeds()))
  const id = await start('  - {id: a, retries: 2, retry_delay: 20ms, command: [a]}')
  expect((await over(id)).state).toBe('succeeded')
  expect(executor.started.map((job) => job.n)).toEqual([1, 2, 3])
})

test('an expression that cannot be evaluated fails its task and says why', async () => {
  await work(() => succeeds())
  const id = await start(
    '  - {id: a, command: [a]}\n  - {id: b, needs: [a], command: [b, "${{ tasks.a.values.missing }}"]}',
  )
  expect((await over(id)).state).toBe('failed')
  const [row] = await database()
    .client`select reason, message from task_run where run_id = ${id} and task = 'b'`
  expect(row).toMatchObject({ reason: 'expression_error' })
  expect(row?.['message']).toContain('missing')
})

test('work of the pool that the own machine carries out stays work of the pool, by the own worker', async () => {
  await work(() => succeeds())
  const id = await start('  - {id: here, command: [x]}\n  - {id: pooled, executor: pool, command: [x]}')
  expect((await over(id)).state).toBe('succeeded')
  const rows = await database().client`
    select t.task, a.executor, w.token_id from attempt a
    join task_run t on t.id = a.task_run_id join worker w on w.id = a.worker_id
    where a.run_id = ${id} order by t.task`
  expect(rows).toMatchObject([
    { task: 'here', executor: 'scripted', token_id: null },
    { task: 'pooled', executor: 'pool', token_id: null },
  ])
})

test('[R17] a cancel ends what runs, and nothing starts after it', async () => {
  let running: () => void = () => {}
  const started = new Promise<void>((done) => (running = done))
  const { executor } = await work(async (_job, cancelled) => {
    running()
    await cancelled
    return attemptEnd('cancelled', 'cancel_requested', null)
  })
  const id = await start(
    '  - {id: a, command: [a]}\n  - {id: b, needs: [a], trigger_rule: all_done, command: [b]}',
  )
  await started
  await database().transaction(async (tx) => {
    await requestCancel(tx, id, null)
    await tx.execute("select pg_notify('dagbok_work', '')")
  })
  expect(await over(id)).toEqual({ state: 'cancelled', reason: 'cancel_requested' })
  expect(executor.started).toHaveLength(1)
  expect(await states(id)).toEqual({ a: 'cancelled', b: 'cancelled' })
})

test('max_active_runs holds, and the next run starts when there is a place', async () => {
  const { executor } = await work(() => succeeds())
  const ids = [await start('  - {id: a, command: [a]}', { front: 'limits: {max_active_runs: 1}\n' })]
  const sql = database().client
  const [first] = await sql`select dag_id, version_id from run where id = ${ids[0] ?? ''}`
  for (let number = 2; number <= 5; number++) {
    const [row] =
      await sql`insert into run (dag_id, version_id, number, trigger, params) values (${first?.['dag_id']}, ${first?.['version_id']}, ${number}, 'manual', '{}') returning id`
    await sql`insert into task_run (run_id, task) values (${row?.['id']}, 'a')`
    ids.push(String(row?.['id']))
  }
  await sql`select pg_notify('dagbok_work', '')`
  for (const id of ids) expect((await over(id)).state).toBe('succeeded')
  expect(executor.most).toBe(1)
})

test('[R1] two schedulers on one database start every attempt once', async () => {
  const [one, two] = [await work(() => succeeds(), 4), await work(() => succeeds(), 4)]
  const tasks = Array.from(
    { length: 60 },
    (_, i) => `  - {id: t${i}, needs: [${i < 6 ? '' : `t${i - 6}`}], command: [t]}`,
  )
  const ids = [await start(tasks.join('\n')), await start(tasks.join('\n'))]
  for (const id of ids) expect((await over(id)).state).toBe('succeeded')
  const started = [...one.executor.started, ...two.executor.started].map(
    (job) => `${job.runId} ${job.task} ${job.n}`,
  )
  expect(started).toHaveLength(120)
  expect(new Set(started).size).toBe(120)
})

test('[R3] an attempt that was fenced is refused, and its end changes nothing', async () => {
  let go: () => void = () => {}
  let started: (token: string) => void = () => {}
  const first = new Promise<string>((done) => (started = done))
  const { scheduler, executor } = await work(async (job) => {
    if (job.n > 1) return succeeds()
    started(job.token)
    await new Promise<void>((done) => (go = done))
    return succeeds({ values: [{ name: 'late', value: 1, declared: false }] })
  })
  const id = await start('  - {id: a, command: [a]}')
  const token = await first
  await scheduler.sink.ended(token, attemptEnd('lost', 'worker_stopped', null))
  go()
  expect((await over(id)).state).toBe('succeeded')
  expect(executor.started.map((job) => job.n)).toEqual([1, 2])
  expect(await endAttempt(database(), token, attemptEnd('succeeded', null, null))).toBe(false)
  expect(await database().client`select 1 from value where name = 'late'`).toHaveLength(0)
})

test('a fan-out of 300 and a chain of 60 end, each task once', async () => {
  const { executor } = await work(() => succeeds(), 64)
  const wide = [
    '  - {id: root, command: [r]}',
    ...Array.from({ length: 300 }, (_, i) => `  - {id: t${i}, needs: [root], command: [t]}`),
  ]
  const deep = Array.from(
    { length: 60 },
    (_, i) => `  - {id: c${i}, needs: [${i === 0 ? '' : `c${i - 1}`}], command: [c]}`,
  )
  const ids = [await start(wide.join('\n')), await start(deep.join('\n'))]
  for (const id of ids) expect((await over(id)).state).toBe('succeeded')
  expect(new Set(executor.started.map((job) => `${job.runId} ${job.task}`)).size).toBe(361)
  expect(executor.started).toHaveLength(361)
})

test('what an end queues is claimed in the transaction of that end, when nothing else waits', async () => {
  await work(() => succeeds())
  const chain = Array.from(
    { length: 30 },
    (_, i) => `  - {id: c${i}, needs: [${i === 0 ? '' : `c${i - 1}`}], command: [c]}`,
  )
  const id = await start(chain.join('\n'))
  expect((await over(id)).state).toBe('succeeded')
  const rows = await database().client<{ joined: boolean; waited: boolean }[]>`
    select a.created_at < before.ended_at as joined, next.queued_at <= a.created_at as waited
    from task_run next
    join task_run before on before.run_id = next.run_id and 'c' || substr(next.task, 2)::int - 1 = before.task
    join attempt a on a.task_run_id = next.id
    where next.run_id = ${id}`
  expect(rows).toHaveLength(29)
  // Where the scheduler is still looking for work it takes a turn more.
  expect(rows.filter(({ joined }) => joined).length).toBeGreaterThan(0)
  expect(rows.filter(({ waited }) => !waited)).toEqual([])
})

test('a place that somebody waits for goes to him, not to what the end has queued', async () => {
  const { promise: held, resolve: end } = Promise.withResolvers<void>()
  const { promise: aEnds, resolve: endA } = Promise.withResolvers<void>()
  const { executor } = await work(async (job) => {
    if (job.task === 'hold') await held
    if (job.task === 'a') await aEnds
    return succeeds()
  }, 2)
  const first = await start(
    '  - {id: hold, command: [h]}\n  - {id: a, command: [a]}\n  - {id: b, needs: [a], command: [b]}',
  )
  await until(first, 'hold', 'running')
  await until(first, 'a', 'running')
  const second = await start('  - {id: urgent, priority: 5, command: [u]}')
  await until(second, 'urgent', 'queued')
  endA()
  expect((await over(second)).state).toBe('succeeded')
  end()
  expect((await over(first)).state).toBe('succeeded')
  expect(executor.started.map(({ task }) => task)).toEqual([
    ...executor.started.slice(0, 2).map(({ task }) => task),
    'urgent',
    'b',
  ])
})
