/** What the scheduler relies on when it hands out work. */
import { expect, test } from 'vitest'
import { ownMachine } from '../../../executors/executor.ts'
import { nobody, to, type Bench, writeRun, writeTaskRuns } from './bench.ts'

export function claimRules({ subject, run }: Bench): void {
  test('[R4] who asks a pool while another has it locked waits, and counts what that one took', async () => {
    const { store, dag, pool } = subject()
    await pool('narrow', 2)
    const { items } = await run(
      await dag('  - {id: a, command: [a], matrix: {k: [1, 2]}, pool: narrow, slots: 2}'),
    )
    const [one = '', two = ''] = items.map((item) => item.id)
    await writeTaskRuns(
      store,
      [one, two].map((id) => ({ id, from: 'waiting', to: to('queued') })),
    )
    const none = { versions: new Set<string>(), runs: new Set<string>(), tasks: new Set<string>() }
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
      await writeTaskRuns(tx, [{ id: one, from: 'queued', to: to('starting') }])
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

  test('[R4] who counts all tasks while another has them locked waits, and counts what that one took', async () => {
    const { store } = subject()
    const { items } = await run(await subject().dag('  - {id: a, command: [a]}'))
    const id = items[0]?.id ?? ''
    await writeTaskRuns(store, [{ id, from: 'waiting', to: to('queued') }])
    const before = await store.activeEverywhere()
    let locked = () => {}
    const isLocked = new Promise<void>((done) => (locked = done))
    const first = store.transaction(async (tx) => {
      await tx.lockEverywhere()
      locked()
      await writeTaskRuns(tx, [{ id, from: 'queued', to: to('starting') }])
    })
    await isLocked
    const second = store.transaction(async (tx) => {
      await tx.lockEverywhere()
      return tx.activeEverywhere()
    })
    await first
    expect(await second).toBe(before + 1)
  })

  test('[R18] of runs whose tasks are queued those come first that have fewest under way', async () => {
    const { store, dag } = subject()
    const wide = await run(await dag('  - {id: a, command: [a], matrix: {k: [1, 2, 3, 4]}}'))
    const late = await run(await dag('  - {id: b, command: [b]}\n  - {id: c, command: [c], priority: 1}'))
    const ids = wide.items.map(({ id }) => id)
    const [b = '', c = ''] = late.items.map(({ id }) => id)
    for (const id of [...ids, b, c]) await writeTaskRuns(store, [{ id, from: 'waiting', to: to('queued') }])
    const none = { versions: new Set<string>(), runs: new Set<string>(), tasks: new Set<string>() }
    const mine = async (limit: number) =>
      (await store.claimable(limit, none, ownMachine))
        .filter(({ runId }) => [wide.id, late.id].includes(runId))
        .map(({ id }) => id)
    expect(await mine(100)).toEqual([c, ids[0], ids[1], b, ids[2], ids[3]])
    const [first = ''] = ids
    await writeTaskRuns(store, [{ id: first, from: 'queued', to: to('starting') }])
    await writeTaskRuns(store, [{ id: c, from: 'queued', to: to('skipped') }])
    expect(await mine(100)).toEqual([b, ids[1], ids[2], ids[3]])
    // With as many under way, it is the turn of who has waited longest for one.
    await writeTaskRuns(store, [{ id: first, from: 'starting', to: to('skipped') }])
    expect((await mine(100))[0]).toBe(ids[1])
    await writeRun(store, wide.id, { change: null, stop: null, dueAt: null, served: true })
    expect(await mine(100)).toEqual([b, ids[1], ids[2], ids[3]])
  })

  test('[R18] with more runs than are weighed in one look, what goes before all else comes, and others by turns', async () => {
    const { store, dag } = subject()
    const plain = await dag('  - {id: a, command: [a]}')
    const runs = []
    for (let i = 0; i < 130; i++) runs.push(await run(plain))
    const urgent = await run(await dag('  - {id: u, command: [u], priority: 900}'))
    const ids = [...runs, urgent].flatMap(({ items }) => items.map(({ id }) => id))
    await writeTaskRuns(
      store,
      ids.map((id) => ({ id, from: 'waiting', to: to('queued') })),
    )
    const none = { versions: new Set<string>(), runs: new Set<string>(), tasks: new Set<string>() }
    const left = new Set(ids)
    const firsts: (string | undefined)[] = []
    for (let look = 0; left.size > 0; look++) {
      expect(look).toBeLessThan(60)
      const found = await store.claimable(10, none, ownMachine)
      firsts.push(found[0]?.runId)
      const mine = found.filter(({ id }) => left.has(id))
      await writeTaskRuns(
        store,
        mine.map(({ id }) => ({ id, from: 'queued', to: to('skipped') })),
      )
      for (const { id } of mine) left.delete(id)
    }
    expect(firsts[0]).toBe(urgent.id)
  })

  test('what is claimed comes by priority; what is blocked, or has no pool, does not come', async () => {
    const { store, dag } = subject()
    const made = await dag(
      '  - {id: low, command: [x], priority: -5}\n  - {id: top, command: [x], priority: 5}\n  - {id: gone, command: [x], pool: nowhere}',
    )
    const { id, items } = await run(made)
    await writeTaskRuns(
      store,
      items.map((item) => ({ id: item.id, from: 'waiting', to: to('queued') })),
    )
    const claim = async (runs: string[], tasks: string[], versions: string[] = []) => {
      const blocked = { versions: new Set(versions), runs: new Set(runs), tasks: new Set(tasks) }
      return (await store.claimable(100, blocked, ownMachine))
        .filter(({ runId }) => runId === id)
        .map(({ task }) => task)
    }
    expect(await claim([], [])).toEqual(['top', 'low'])
    expect(await claim([], [`${id} top`])).toEqual(['low'])
    expect(await claim([id], [])).toEqual([])
    expect(await claim([], [], [made.versionId])).toEqual([])
  })

  test('whoever takes work sees what lies in its queues and belongs to its team, and no other', async () => {
    const { store, dag } = subject()
    const { id, items } = await run(
      await dag(
        '  - {id: own, command: [x]}\n  - {id: any, command: [x], executor: pool}\n  - {id: far, command: [x], executor: pool, queue: far}',
      ),
    )
    await writeTaskRuns(
      store,
      items.map((item) => ({ id: item.id, from: 'waiting', to: to('queued') })),
    )
    const none = { versions: new Set<string>(), runs: new Set<string>(), tasks: new Set<string>() }
    const claim = async (taker: Parameters<typeof store.claimable>[2]) =>
      (await store.claimable(100, none, taker))
        .filter(({ runId }) => runId === id)
        .map(({ task }) => task)
        .sort()
    expect(await claim(ownMachine)).toEqual(['any', 'own'])
    expect(await claim({ own: false, queues: ['far', 'default'], teamId: null })).toEqual(['any', 'far'])
    expect(await claim({ own: false, queues: ['far'], teamId: nobody })).toEqual([])
  })
}
