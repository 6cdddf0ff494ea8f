/** Rules of the scheduler that the simulation found broken once, each by itself. */
import { expect, test } from 'vitest'
import { attemptEnd } from '../executors/executor.ts'
import { compile } from '#server/domain/notebook/compile.ts'
import { makeRun } from '#server/services/run/create-run.ts'
import { History, type Entry } from './history.ts'
import { Product, type Surroundings } from './product.ts'
import { Random } from './random.ts'
import { SimulatedDatabase } from './store/database.ts'
import { Life, World } from './world.ts'

/** One machine with the product, and runs of DAGs of these tasks (YAML). */
async function open(...dags: { tasks: string; front?: string; runs: number }[]) {
  const world = new World(new Random(1))
  const history = new History(world, () => {})
  const database = new SimulatedDatabase(world, Date.UTC(2026, 0, 5), (what) =>
    history.add({ kind: 'committed', ...what }),
  )
  const behaviour = () => ({ ms: 60_000, end: { ...attemptEnd('succeeded', null, null), exitCode: 0 } })
  const around: Surroundings = { world, database, history, behaviour, parallelism: null, doubled: () => 0 }
  const product = new Product('a', around)
  const people = database.storeFor(new Life('people'))
  const ids: string[] = []
  for (const [i, { tasks, front = '', runs }] of dags.entries()) {
    const [id, versionId] = [`dag-${i}`, `version-${i}`]
    const text = `dagbok: 1\nid: d${i}\n${front}tasks:\n${tasks}\n`
    const { spec } = compile({ path: 'd.dag.yaml', text, readFile: () => null })
    if (spec === null) throw new Error(text)
    database.tables.dag.set(id, {
      id,
      teamId: 'team',
      repositoryId: 'r',
      repo: 'r',
      name: `d${i}`,
      nextRunNumber: 1,
      pausedAt: null,
      scheduledVersionId: versionId,
      scheduledSince: null,
      subscriptions: [],
    })
    database.tables.version.set(versionId, { id: versionId, dagId: id, number: 1, spec })
    database.tables.tip.set(id, { id, versionId })
    for (let n = 0; n < runs; n++) {
      const given = { dagId: id, versionId, spec, trigger: 'manual', triggeredBy: null, params: {} } as const
      void people.transaction((tx) => makeRun(tx, given)).then((made) => ids.push(made.id))
    }
  }
  await world.run(100)
  const item = (runId: string, task: string) =>
    [...database.tables.taskRun.values()].find((one) => one.runId === runId && one.task === task)
  const started = () =>
    history.entries.filter(
      (entry): entry is Extract<Entry, { kind: 'code_started' }> => entry.kind === 'code_started',
    )
  return { world, database, product, ids, item, started }
}

test('[R18] a run that waits for its place does not keep the scheduler busy', async () => {
  const { world, product, started } = await open({
    tasks: '  - {id: a, command: [a]}',
    front: 'limits: {strategy: sequential}\n',
    runs: 2,
  })
  product.start()
  await world.run(5000)
  expect(started()).toHaveLength(1)
  const before = world.events
  await world.run(25_000)
  // Ten looks of some ten statements, each of two events; and heartbeats.
  expect(world.events - before).toBeLessThan(600)
})

test('[R7] a time that is shorter than the poll is kept: who sets it says so', async () => {
  const { world, product, ids, item } = await open({
    tasks: '  - {id: a, command: [a]}\n  - {id: w, needs: [a], wait: 300ms}',
    runs: 1,
  })
  product.start()
  const ended = (task: string) => item(ids[0] ?? '', task)?.endedAt != null
  await world.run(100_000, () => ended('a'))
  const begun = world.now
  await world.run(begun + 10_000, () => ended('w'))
  expect(item(ids[0] ?? '', 'w')?.state).toBe('succeeded')
  expect(world.now - begun).toBeGreaterThan(250)
  expect(world.now - begun).toBeLessThan(600)
})

test('[R2] what was claimed is handed over although another claim of the same look failed', async () => {
  const { world, database, product, started } = await open(
    { tasks: '  - {id: a, command: [a]}', runs: 1 },
    { tasks: '  - {id: b, command: [b]}', runs: 1 },
  )
  const { insertAttempt } = database.statements
  let broken = 0
  database.statements.insertAttempt = (tx, given, leaseMs) => {
    if (tx.get('run', given.runId)?.dagId === 'dag-1' && broken++ === 0) throw new Error('it breaks')
    return insertAttempt(tx, given, leaseMs)
  }
  product.start()
  await world.run(10_000)
  expect(broken).toBeGreaterThan(0)
  // The run whose claim failed is left alone for five seconds.
  expect(started().map(({ task, at }) => [task, at < 5000])).toEqual([
    ['a', true],
    ['b', false],
  ])
})

test('[R3] an attempt of a task that was marked by hand does not pass the start gate, and is never shown as running', async () => {
  const { world, database, product, ids, item, started } = await open({
    tasks: '  - {id: a, command: [a]}',
    runs: 1,
  })
  const [runId = ''] = ids
  const states: string[] = []
  product.start()
  const attempts = () => [...database.tables.attempt.values()]
  await world.run(60_000, () => attempts().some(({ state }) => state === 'submitted'))
  const taskRunId = item(runId, 'a')?.id ?? ''
  database.tables.taskRun.set(taskRunId, {
    ...database.tables.taskRun.get(taskRunId),
    state: 'succeeded',
    endedAt: new Date(),
  } as never)
  database.tables.run.set(runId, { ...database.tables.run.get(runId), revision: 99 } as never)
  await world.run(world.now + 20_000, () => {
    states.push(...attempts().map(({ state }) => state))
    return false
  })
  expect(started()).toEqual([])
  expect(states).not.toContain('running')
  expect(attempts()[0]?.endedAt).not.toBeNull()
})
