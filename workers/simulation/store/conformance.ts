/**
 * What the scheduler relies on of its database, as one suite for both adapters of its port: Postgres, and the one in
 * memory. What it does not hold, a simulation does not show of the product.
 */
import { expect, test } from 'vitest'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import { leaseMs } from '#server/config/lease.ts'
import { fresh, type ItemState } from '#server/domain/run/machine.ts'
import { makeRun } from '#server/services/run/create-run.ts'
import { ownMachine } from '../../executors/executor.ts'

export interface MadeVersion {
  dagId: string
  versionId: string
  spec: Spec
}

export interface Subject {
  store: SchedulingStore
  /** A DAG of these tasks (YAML) in repository `r`. */
  dag: (tasks: string, front?: string) => Promise<MadeVersion>
  pool: (name: string, slots: number) => Promise<void>
  /** Lets the lease of an attempt be over. */
  expire: (token: string) => Promise<void>
  token: () => string
}

const nobody = '00000000-0000-4000-8000-000000000000'
const end = {
  reason: null,
  message: null,
  exitCode: null,
  signal: null,
  memoryPeak: null,
  cpuSeconds: null,
}
const succeeded = { ...end, state: 'succeeded' } as const
const lost = { ...end, state: 'lost', reason: 'worker_lost' } as const
const to = (state: ItemState['state'], more: Partial<ItemState> = {}): ItemState => ({
  ...fresh(),
  state,
  ...more,
})
const failed = (work: Promise<unknown>) =>
  work.then(
    () => false,
    () => true,
  )

/** Call it at the top of a test file. */
export function conformance(subject: () => Subject): void {
  const run = async (made: MadeVersion, more: Partial<Parameters<typeof makeRun>[1]> = {}) => {
    const { id } = await subject().store.transaction((tx) =>
      makeRun(tx, { ...made, trigger: 'manual', triggeredBy: null, params: {}, ...more }),
    )
    return { id, items: await subject().store.taskRunRows(id) }
  }
  const started = async () => {
    const { store, dag, token } = subject()
    const { id, items } = await run(
      await dag('  - {id: a, command: [a]}\n  - {id: z, command: [z], finally: true}'),
    )
    const [taskRunId = '', cleanup = ''] = items.map((item) => item.id)
    const given = { runId: id, n: 1, kind: 'main', executor: 'x', workerId: nobody } as const
    const tokens = [token(), token()] as const
    await store.insertAttempt({ ...given, taskRunId, token: tokens[0] }, leaseMs)
    await store.insertAttempt({ ...given, taskRunId: cleanup, token: tokens[1] }, leaseMs)
    return { store, id, taskRunId, token: tokens[0], cleanup: tokens[1], given }
  }

  test('[R1] an attempt goes from created to submitted to running, each once, by its token only', async () => {
    const { store, token } = await started()
    expect(await store.markRunning(token, {})).toBe(false)
    expect(await store.markSubmitted(nobody, {})).toBe(false)
    expect(await store.markSubmitted(token, {})).toBe(true)
    expect(await store.markSubmitted(token, {})).toBe(false)
    expect(await store.markRunning(nobody, {})).toBe(false)
    expect(await store.markRunning(token, {})).toBe(true)
    expect(await store.markRunning(token, {})).toBe(false)
  })

  test('[R1] of two that ask the start gate at once, one passes', async () => {
    const { store, token } = await started()
    await store.markSubmitted(token, {})
    const answers = await Promise.all([store.markRunning(token, {}), store.markRunning(token, {})])
    expect(answers.filter(Boolean)).toHaveLength(1)
  })

  test('[R1] a number of an attempt is there once', async () => {
    const { store, taskRunId, given } = await started()
    expect(await failed(store.insertAttempt({ ...given, taskRunId, token: nobody }, leaseMs))).toBe(true)
  })

  test('[R3] an attempt ends once; after that its token is nobody', async () => {
    const { store, token } = await started()
    expect((await store.findLiveAttempt(token))?.task).toBe('a')
    expect(await store.endAttempt(nobody, lost)).toBe(false)
    const answers = await Promise.all([store.endAttempt(token, lost), store.endAttempt(token, succeeded)])
    expect(answers.filter(Boolean)).toHaveLength(1)
    expect(await store.findLiveAttempt(token)).toBeNull()
    expect(await store.markSubmitted(token, {})).toBe(false)
    expect((await store.heartbeat([token], leaseMs)).size).toBe(0)
  })

  test('[R3] a terminal state is final, a state is written from the one it was read in, a retry has its time', async () => {
    const { store, id, taskRunId } = await started()
    expect(await store.writeTaskRuns([{ id: taskRunId, from: 'queued', to: to('starting') }])).toBe(0)
    expect(await failed(store.writeTaskRuns([{ id: taskRunId, from: 'waiting', to: to('retrying') }]))).toBe(
      true,
    )
    expect(await store.writeTaskRuns([{ id: taskRunId, from: 'waiting', to: to('failed') }])).toBe(1)
    expect(await failed(store.writeTaskRuns([{ id: taskRunId, from: 'failed', to: to('queued') }]))).toBe(
      true,
    )
    const change = (state: 'succeeded' | 'running') =>
      store.writeRun(id, { change: { to: state, reason: null }, stop: null, dueAt: null })
    await change('succeeded')
    expect(await failed(change('running'))).toBe(true)
    expect((await store.taskRunRows(id)).map(({ state }) => state)).toEqual(['failed', 'waiting'])
  })

  test('a lease that is over is told until somebody ends the attempt or its worker prolongs it', async () => {
    const { store, id, token, cleanup } = await started()
    const mine = async () =>
      (await store.expiredAttempts()).filter((one) => one.runId === id).map((one) => one.token)
    expect(await mine()).toEqual([])
    await subject().expire(token)
    await subject().expire(cleanup)
    expect((await mine()).length).toBe(2)
    await store.heartbeat([token], leaseMs)
    expect(await mine()).toEqual([cleanup])
    await store.endAttempt(cleanup, lost)
    expect(await mine()).toEqual([])
  })

  test('[R17] a cancel ends ordinary attempts at their heartbeat, a second one clean-up, too', async () => {
    const { store, id, token, cleanup } = await started()
    const beat = async () => {
      const answers = await store.heartbeat([token, cleanup], leaseMs)
      return [answers.get(token), answers.get(cleanup)]
    }
    expect(await beat()).toEqual(['go_on', 'go_on'])
    expect(await store.requestCancel(id, null)).toBe(true)
    expect(await store.runsToEnd()).toContain(id)
    expect(await beat()).toEqual(['cancel', 'go_on'])
    expect(await store.requestCancel(id, null)).toBe(true)
    expect(await beat()).toEqual(['cancel', 'cancel'])
    await store.writeRun(id, { change: { to: 'cancelled', reason: null }, stop: null, dueAt: null })
    expect(await store.requestCancel(id, null)).toBe(false)
    expect(await store.runsToEnd()).not.toContain(id)
  })

  test('[R4] who asks a pool while another has it locked waits, and counts what that one took', async () => {
    const { store, dag, pool } = subject()
    await pool('narrow', 2)
    const { items } = await run(
      await dag('  - {id: a, command: [a], matrix: {k: [1, 2]}, pool: narrow, slots: 2}'),
    )
    const [one = '', two = ''] = items.map((item) => item.id)
    await store.writeTaskRuns([one, two].map((id) => ({ id, from: 'waiting', to: to('queued') })))
    const none = { runs: new Set<string>(), tasks: new Set<string>() }
    const mine = async () =>
      (await store.claimable(100, none, ownMachine))
        .filter(({ id }) => id === one || id === two)
        .map(({ id }) => id)
    expect((await mine()).sort()).toEqual([one, two].sort())
    let locked = () => {}
    const isLocked = new Promise<void>((done) => (locked = done))
    const order: string[] = []
    const first = store.transaction(async (tx) => {
      expect((await tx.lockPoolOf(one))?.free).toBe(2)
      locked()
      await tx.writeTaskRuns([{ id: one, from: 'queued', to: to('starting') }])
      order.push('first')
    })
    await isLocked
    const second = store.transaction(async (tx) => {
      const free = (await tx.lockPoolOf(two))?.free
      order.push('second')
      return free
    })
    await first
    expect(await second).toBe(0)
    expect(order).toEqual(['first', 'second'])
    expect(await mine()).toEqual([])
  })

  test('what is claimed comes by priority; what is blocked, or has no pool, does not come', async () => {
    const { store, dag } = subject()
    const { id, items } = await run(
      await dag(
        '  - {id: low, command: [x], priority: -5}\n  - {id: top, command: [x], priority: 5}\n  - {id: gone, command: [x], pool: nowhere}',
      ),
    )
    await store.writeTaskRuns(items.map((item) => ({ id: item.id, from: 'waiting', to: to('queued') })))
    const claim = async (runs: string[], tasks: string[]) =>
      (await store.claimable(100, { runs: new Set(runs), tasks: new Set(tasks) }, ownMachine))
        .filter(({ runId }) => runId === id)
        .map(({ task }) => task)
    expect(await claim([], [])).toEqual(['top', 'low'])
    expect(await claim([], [`${id} top`])).toEqual(['low'])
    expect(await claim([id], [])).toEqual([])
  })

  test('whoever takes work sees what lies in its queues and belongs to its team, and no other', async () => {
    const { store, dag } = subject()
    const { id, items } = await run(
      await dag(
        '  - {id: own, command: [x]}\n  - {id: any, command: [x], executor: pool}\n  - {id: far, command: [x], executor: pool, queue: far}',
      ),
    )
    await store.writeTaskRuns(items.map((item) => ({ id: item.id, from: 'waiting', to: to('queued') })))
    const none = { runs: new Set<string>(), tasks: new Set<string>() }
    const claim = async (taker: Parameters<typeof store.claimable>[2]) =>
      (await store.claimable(100, none, taker))
        .filter(({ runId }) => runId === id)
        .map(({ task }) => task)
        .sort()
    expect(await claim(ownMachine)).toEqual(['any', 'own'])
    expect(await claim({ own: false, queues: ['far', 'default'], teamId: null })).toEqual(['any', 'far'])
    expect(await claim({ own: false, queues: ['far'], teamId: nobody })).toEqual([])
  })

  test('whoever advances a run holds it: another one waits, and reads what was written', async () => {
    const { store, id } = await started()
    const revisions: number[] = []
    const advance = () =>
      store.transaction(async (tx) => {
        revisions.push((await tx.lockRun(id))?.revision ?? -1)
        await tx.writeRun(id, { change: null, stop: null, dueAt: null })
      })
    await Promise.all([advance(), advance(), advance()])
    expect(revisions).toEqual([0, 1, 2])
  })

  test('two that wait for each other: one is refused, the other goes on', async () => {
    const { store } = subject()
    const made = await subject().dag('  - {id: a, command: [a]}')
    const [a, b] = [await run(made), await run(made)]
    const meet = [Promise.withResolvers<void>(), Promise.withResolvers<void>()] as const
    const both = (mine: string, other: string, at: 0 | 1) =>
      store.transaction(async (tx) => {
        await tx.lockRun(mine)
        meet[at].resolve()
        await meet[at === 0 ? 1 : 0].promise
        await tx.lockRun(other)
      })
    const results = await Promise.all([failed(both(a.id, b.id, 0)), failed(both(b.id, a.id, 1))])
    expect(results.filter(Boolean)).toHaveLength(1)
  })

  test('a transaction that fails leaves nothing, and frees what it held', async () => {
    const { store, id, taskRunId } = await started()
    const broken = store.transaction(async (tx) => {
      await tx.lockRun(id)
      await tx.writeTaskRuns([{ id: taskRunId, from: 'waiting', to: to('queued') }])
      throw new Error('broken')
    })
    expect(await failed(broken)).toBe(true)
    const row = await store.transaction((tx) => tx.lockRun(id))
    expect(row?.revision).toBe(0)
    expect((await store.taskRunRows(id))[0]?.state).toBe('waiting')
  })

  test('[R9] a tick of a schedule has one run; runs are numbered without a gap', async () => {
    const made = await subject().dag('  - {id: a, command: [a]}')
    const tick = { trigger: 'schedule', logicalDate: new Date('2026-02-01T00:00:00Z') } as const
    await run(made, { ...tick, schedule: 'every 10s' })
    expect(await failed(run(made, { ...tick, schedule: 'every 10s' }))).toBe(true)
    await run(made, { ...tick, schedule: '0 0 * * *' })
    await run(made, { logicalDate: tick.logicalDate })
    const waiting = (await subject().store.waitingRuns(500)).filter(({ dagId }) => dagId === made.dagId)
    expect(waiting.map(({ number }) => number)).toEqual([1, 2, 3])
  })

  test('what waits before and behind a run, and what runs, is told of its DAG', async () => {
    const { store } = subject()
    const made = await subject().dag('  - {id: a, command: [a]}', 'limits: {strategy: strict_sequential}\n')
    const [one, two, three] = [await run(made), await run(made), await run(made)]
    const second = (await store.waitingRuns(500)).find(({ id }) => id === two.id)
    if (second === undefined) throw new Error('it does not wait')
    expect(second).toMatchObject({ strategy: 'strict_sequential', forced: false, number: 2 })
    expect(await store.othersOf(second)).toEqual({
      active: 0,
      older: true,
      newer: true,
      failedBefore: false,
      recovers: false,
    })
    const write = (id: string, state: 'running' | 'failed') =>
      store.writeRun(id, { change: { to: state, reason: null }, stop: null, dueAt: null })
    await write(one.id, 'running')
    expect(await store.activeRuns(made.dagId)).toEqual([one.id])
    expect(await store.othersOf(second)).toEqual({
      active: 1,
      older: false,
      newer: true,
      failedBefore: false,
      recovers: false,
    })
    await write(one.id, 'failed')
    await write(three.id, 'failed')
    expect(await store.othersOf(second)).toEqual({
      active: 0,
      older: false,
      newer: false,
      failedBefore: true,
      recovers: false,
    })
  })

  test('strict_sequential: a failure counts until a recover went well, or what failed was marked', async () => {
    const { store } = subject()
    const made = await subject().dag('  - {id: a, command: [a]}', 'limits: {strategy: strict_sequential}\n')
    const first = await run(made)
    const taskRunId = first.items[0]?.id ?? ''
    await store.writeTaskRuns([{ id: taskRunId, from: 'waiting', to: to('failed') }])
    const write = (id: string, state: 'failed' | 'succeeded') =>
      store.writeRun(id, { change: { to: state, reason: null }, stop: null, dueAt: null })
    await write(first.id, 'failed')
    const again = await run(made, { verb: 'recover', parentId: first.id })
    const behind = await run(made)
    const others = async (id: string) => {
      const waiting = (await store.waitingRuns(1)).find((one) => one.id === id)
      if (waiting === undefined) throw new Error('it does not wait')
      const { failedBefore, recovers } = await store.othersOf(waiting)
      return [waiting.recovers, failedBefore, recovers]
    }
    expect(await others(again.id)).toEqual([true, true, true])
    await write(again.id, 'failed')
    expect(await others(behind.id)).toEqual([false, true, false])
    const note = { runId: first.id, taskRunId, userId: null, outcome: 'noted' } as const
    await store.insertIntervention({ ...note, deed: { kind: 'mark', as: 'succeeded', reason: 'r' } })
    expect(await others(behind.id)).toEqual([false, false, false])
    await store.insertIntervention({ ...note, deed: { kind: 'mark', as: 'failed', reason: 'r' } })
    expect(await others(behind.id)).toEqual([false, true, false])
    const third = await run(made, { verb: 'recover', parentId: again.id })
    await write(third.id, 'succeeded')
    expect(await others(behind.id)).toEqual([false, false, false])
  })

  test('of a long queue so many are told as have their turn, and those that may go before it', async () => {
    const { store } = subject()
    const made = await subject().dag('  - {id: a, command: [a]}')
    for (const forced of [false, false, true]) await run(made, { forced })
    const numbers = async (perDag: number) =>
      (await store.waitingRuns(perDag)).filter((one) => one.dagId === made.dagId).map((one) => one.number)
    expect(await numbers(1)).toEqual([1, 3])
    expect(await numbers(2)).toEqual([1, 2, 3])
  })

  test('what is due is told, with the ms until what is not', async () => {
    const { store, id, taskRunId } = await started()
    const now = (await store.databaseNow()).getTime()
    const due = async () => (await store.dueItems()).due.some((item) => item.id === taskRunId)
    await store.writeTaskRuns([
      { id: taskRunId, from: 'waiting', to: to('retrying', { dueAt: now + 3_600_000 }) },
    ])
    expect(await due()).toBe(false)
    expect((await store.dueItems()).nextMs).toBeLessThanOrEqual(3_600_000)
    await store.writeTaskRuns([{ id: taskRunId, from: 'retrying', to: to('retrying', { dueAt: now - 1 }) }])
    expect(await due()).toBe(true)
    await store.writeRun(id, { change: null, stop: null, dueAt: now - 1 })
    expect((await store.dueRuns()).due.map((row) => row.id)).toContain(id)
    await store.writeRun(id, { change: { to: 'failed', reason: null }, stop: null, dueAt: now - 1 })
    expect((await store.dueRuns()).due.map((row) => row.id)).not.toContain(id)
  })

  test('a map gets its items in order; the row that stood for all is the first', async () => {
    const { store, id, taskRunId } = await started()
    const ids = await store.expandTaskRun(
      taskRunId,
      ['x', 'y', 'z'].map((key) => ({ key, item: key })),
    )
    expect(ids[0]).toBe(taskRunId)
    const rows = (await store.taskRunRows(id)).filter(({ task }) => task === 'a')
    expect(rows.map(({ id: one, key, index, item }) => [one, key, index, item])).toEqual(
      ids.map((one, index) => [one, 'xyz'[index], index, 'xyz'[index]]),
    )
  })

  test('an answer is given once, and carried out once', async () => {
    const { store, id, taskRunId } = await started()
    const deed = { kind: 'answer', yes: true, comment: null, values: { n: 1 } } as const
    const give = () => store.insertIntervention({ runId: id, taskRunId, deed, userId: null, outcome: null })
    const given = await Promise.all([give(), give()])
    expect(given.filter(Boolean)).toHaveLength(1)
    const open = (await store.openInterventions()).filter((one) => one.taskRunId === taskRunId)
    expect(open).toHaveLength(1)
    const close = () => store.closeIntervention(open[0]?.id ?? '', 'applied')
    expect((await Promise.all([close(), close()])).filter(Boolean)).toHaveLength(1)
    await store.saveAnswer(taskRunId, { yes: true, by: '', at: '', comment: null, values: { n: 1 } })
    expect(await store.valuesOfRun(id, ['a'])).toEqual([{ task: 'a', index: 0, name: 'n', value: 1 }])
  })

  test('results are read of attempts that succeeded, once they are committed', async () => {
    const { store, id, token } = await started()
    const key = await store.findLiveAttempt(token)
    const results = { outputs: [], metrics: [], values: [{ name: 'n', value: 7, declared: false }] }
    await store.insertResults(key?.id ?? '', results)
    expect(await store.valuesOfRun(id, ['a'])).toEqual([])
    await store.endAttempt(token, succeeded)
    expect(await store.valuesOfRun(id, ['a'])).toEqual([{ task: 'a', index: 0, name: 'n', value: 7 }])
    expect(await store.valuesOfRun(id, ['z'])).toEqual([])
  })

  test('what earlier and newer ticks tell of a task', async () => {
    const { store } = subject()
    const made = await subject().dag('  - {id: a, command: [a]}')
    const at = (day: number) => ({
      trigger: 'schedule' as const,
      schedule: 's',
      logicalDate: new Date(Date.UTC(2026, 3, day)),
    })
    const [first, second] = [await run(made, at(1)), await run(made, at(2))]
    const dated = (day: number) => ({ dagId: made.dagId, ...at(day) })
    expect(await store.newerTick(dated(1))).toBe(true)
    expect(await store.newerTick(dated(2))).toBe(false)
    expect(await store.pastHolds(dated(1), 'a')).toBe(true)
    expect(await store.pastHolds(dated(2), 'a')).toBe(false)
    const item = first.items[0]?.id ?? ''
    await store.writeTaskRuns([{ id: item, from: 'waiting', to: to('skipped') }])
    expect(await store.pastHolds(dated(2), 'a')).toBe(true)
    expect(second.items).toHaveLength(1)
  })

  test('a note is told when its transaction commits, once however often it was given', async () => {
    const { store } = subject()
    const heard: string[] = []
    let told = () => {}
    const unlisten = await store.listen('dagbok_enqueue', (why) => {
      heard.push(why)
      if (why === 'backfill') told()
    })
    await failed(
      store.transaction(async (tx) => {
        await tx.wakeEnqueuers('event')
        throw new Error('broken')
      }),
    )
    const isTold = new Promise<void>((done) => (told = done))
    await store.transaction(async (tx) => {
      await tx.wakeEnqueuers('schedule')
      await tx.wakeEnqueuers('schedule')
      await tx.wakeEnqueuers('backfill')
    })
    await isTold
    await unlisten()
    expect(heard.sort()).toEqual(['backfill', 'schedule'])
  })

  test('attempts that an earlier life on a host left are told to the next one', async () => {
    const { store, token } = subject()
    const { id, items } = await run(await subject().dag('  - {id: a, command: [a]}'))
    const [before, after, host] = [token(), token(), token()]
    await store.registerWorker({ id: before, host, pid: 1 })
    await store.registerWorker({ id: after, host, pid: 2 })
    const mine = token()
    const made = { taskRunId: items[0]?.id ?? '', runId: id, n: 1, kind: 'main', executor: 'x' } as const
    await store.insertAttempt({ ...made, token: mine, workerId: before }, leaseMs)
    expect((await store.attemptsOfEarlierLives(host, after)).map((one) => one.token)).toEqual([mine])
    expect(await store.attemptsOfEarlierLives(host, before)).toEqual([])
    await store.endAttempt(mine, lost)
    expect(await store.attemptsOfEarlierLives(host, after)).toEqual([])
  })
}
