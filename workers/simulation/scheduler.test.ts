/** Rules of the scheduler that the simulation found broken once, each by itself. */
import { expect, test } from 'vitest'
import { openScene } from './scene.ts'

test('[R18] a run that waits for its place does not keep the scheduler busy', async () => {
  const { world, product, started } = await openScene([
    {
      tasks: '  - {id: a, command: [a]}',
      front: 'limits: {strategy: sequential}\n',
      runs: 2,
    },
  ])
  product.start()
  await world.run(5000)
  expect(started()).toHaveLength(1)
  const before = world.events
  await world.run(25_000)
  // Ten looks of some ten statements, each of two events; and heartbeats.
  expect(world.events - before).toBeLessThan(600)
})

test('[R7] a time that is shorter than the poll is kept: who sets it says so', async () => {
  const { world, product, ids, item } = await openScene([
    {
      tasks: '  - {id: a, command: [a]}\n  - {id: w, needs: [a], wait: 300ms}',
      runs: 1,
    },
  ])
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
  const { world, database, product, started } = await openScene([
    // Of a queue: what needs none is claimed with what queues it, and not by a look.
    { tasks: '  - {id: a, executor: pool, command: [a]}', runs: 1 },
    { tasks: '  - {id: b, executor: pool, command: [b]}', runs: 1 },
  ])
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

test('[R18] a claim that fails keeps no end from being written', async () => {
  const { world, database, product, ids, item } = await openScene(
    [{ tasks: '  - {id: a, command: [a]}\n  - {id: b, needs: [a], command: [b]}', runs: 1 }],
    { codeMs: 1000 },
  )
  const { insertAttempt } = database.statements
  const stateOf = (task: string) => item(ids[0] ?? '', task)?.state
  const b = item(ids[0] ?? '', 'b')?.id
  let broken = 0
  database.statements.insertAttempt = (tx, given, leaseMs) => {
    // As long as nobody else sees that the task before it has ended.
    if (given.taskRunId === b && stateOf('a') !== 'succeeded') {
      broken++
      throw new Error('it breaks')
    }
    return insertAttempt(tx, given, leaseMs)
  }
  product.start()
  await world.run(20_000, () => stateOf('b') === 'succeeded')
  expect(broken).toBe(1)
  expect([...database.tables.attempt.values()].map(({ n, state }) => [n, state])).toEqual([
    [1, 'succeeded'],
    [1, 'succeeded'],
  ])
})

test('[R3] an attempt of a task that was marked by hand does not pass the start gate, and is never shown as running', async () => {
  const { world, database, product, ids, item, started } = await openScene([
    {
      tasks: '  - {id: a, command: [a]}',
      runs: 1,
    },
  ])
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
