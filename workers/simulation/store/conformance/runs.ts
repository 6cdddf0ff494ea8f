/** What the scheduler relies on of runs: who holds them, whose turn it is. */
import { expect, test } from 'vitest'
import { to, failed, type Bench, writeTaskRuns, writeRun } from './bench.ts'

export function runRules({ subject, run, started }: Bench): void {
  test('whoever advances a run holds it: another one waits, and reads what was written', async () => {
    const { store, id } = await started()
    const revisions: number[] = []
    const advance = () =>
      store.transaction(async (tx) => {
        revisions.push((await tx.lockRun(id))?.revision ?? -1)
        await writeRun(tx, id, { change: null, stop: null, dueAt: null })
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
      await writeTaskRuns(tx, [{ id: taskRunId, from: 'waiting', to: to('queued') }])
      throw new Error('broken')
    })
    expect(await failed(broken)).toBe(true)
    const row = await store.transaction((tx) => tx.lockRun(id))
    expect(row?.revision).toBe(0)
    expect((await store.taskRunRows(id))[0]?.state).toBe('waiting')
  })

  test('[R2] a run that is given up ends once, with all that is open of it', async () => {
    const { store, id, token } = await started()
    expect(await store.giveUpRun(id, 'It failed.')).toBe(true)
    expect(await store.giveUpRun(id, 'It failed.')).toBe(false)
    expect((await store.transaction((tx) => tx.lockRun(id)))?.state).toBe('failed')
    expect((await store.taskRunRows(id)).map(({ state }) => state)).toEqual(['cancelled', 'cancelled'])
    expect(await store.findLiveAttempt(token)).toBeNull()
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
      writeRun(store, id, { change: { to: state, reason: null }, stop: null, dueAt: null })
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
    await writeTaskRuns(store, [{ id: taskRunId, from: 'waiting', to: to('failed') }])
    const write = (id: string, state: 'failed' | 'succeeded') =>
      writeRun(store, id, { change: { to: state, reason: null }, stop: null, dueAt: null })
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
}
