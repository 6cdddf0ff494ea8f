/** What the scheduler relies on of task runs, and of what is said to it. */
import { expect, test } from 'vitest'
import { to, failed, type Bench, writeTaskRuns, writeRun } from './bench.ts'

export function itemRules({ subject, run, started }: Bench): void {
  test('what is due is told, with the ms until what is not', async () => {
    const { store, id, taskRunId } = await started()
    const now = (await store.databaseNow()).getTime()
    const due = async () => (await store.dueItems()).due.some((item) => item.id === taskRunId)
    await writeTaskRuns(store, [
      { id: taskRunId, from: 'waiting', to: to('retrying', { dueAt: now + 3_600_000 }) },
    ])
    expect(await due()).toBe(false)
    expect((await store.dueItems()).nextMs).toBeLessThanOrEqual(3_600_000)
    await writeTaskRuns(store, [{ id: taskRunId, from: 'retrying', to: to('retrying', { dueAt: now - 1 }) }])
    expect(await due()).toBe(true)
    await writeRun(store, id, { change: null, stop: null, dueAt: now - 1 })
    expect((await store.dueRuns()).due.map((row) => row.id)).toContain(id)
    await writeRun(store, id, { change: { to: 'failed', reason: null }, stop: null, dueAt: now - 1 })
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
    const newer = (day: number, schedule = 's') =>
      store.newerTick({ ...dated(day), schedule }, at(day + 1).logicalDate)
    expect(await newer(1)).toBe(true)
    expect(await newer(1, 'another')).toBe(false)
    expect(await newer(2)).toBe(false)
    expect(await store.pastHolds(dated(1), 'a')).toBe(true)
    expect(await store.pastHolds(dated(2), 'a')).toBe(false)
    const item = first.items[0]?.id ?? ''
    await writeTaskRuns(store, [{ id: item, from: 'waiting', to: to('skipped') }])
    expect(await store.pastHolds(dated(2), 'a')).toBe(true)
    expect(second.items).toHaveLength(1)
    const held = second.items[0]?.id ?? ''
    expect(await store.heldItems(made.dagId)).toEqual([])
    await writeTaskRuns(store, [{ id: held, from: 'waiting', to: to('waiting', { heldAt: 1000 }) }])
    expect(await store.heldItems(made.dagId)).toEqual([])
    await writeRun(store, second.id, { change: { to: 'running', reason: null }, stop: null, dueAt: null })
    expect(await store.heldItems(made.dagId)).toEqual([{ id: held, runId: second.id }])
    const waiter = await run(await subject().dag('  - {id: w, wait: {run: r/other}}'), at(2))
    const waiting = {
      teamId: await store.teamOfDag(made.dagId),
      dag: 'r/other',
      logicalDate: at(2).logicalDate,
    }
    await writeRun(store, waiter.id, { change: { to: 'running', reason: null }, stop: null, dueAt: null })
    expect(await store.waitingItems(waiting)).toEqual([])
    const looked = to('waiting', { readyAt: 1000, dueAt: 2000 })
    const waits = waiter.items[0]?.id ?? ''
    for (const id of [held, waits]) await writeTaskRuns(store, [{ id, from: 'waiting', to: looked }])
    expect(await store.waitingItems(waiting)).toEqual([{ id: waits, runId: waiter.id }])
    expect(await store.waitingItems({ ...waiting, dag: 'r/another' })).toEqual([])
    expect(await store.waitingItems({ ...waiting, logicalDate: at(1).logicalDate })).toEqual([])
    // What a schedule did, or did not, that its DAG has no more is the past of whichever took its place.
    expect(await store.pastHolds({ ...dated(3), schedule: 'another' }, 'a')).toBe(false)
    expect(await store.pastHolds({ ...dated(3), schedule: null }, 'a')).toBe(false)
  })

  test('a note is told when its transaction commits, once however often it was given', async () => {
    const { store } = subject()
    const heard: string[] = []
    let told = () => {}
    const unlisten = await store.listen('dagbok_enqueue', (why) => {
      heard.push(why)
      if (new Set(heard).size === 2) told()
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
}
