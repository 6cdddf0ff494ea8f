/** A machine that is put to sleep between the start gate and its answer, by virtual time. */
import { expect, test } from 'vitest'
import { gateMs, leaseMs } from '#server/config/lease.ts'
import { Product } from './product.ts'
import { openScene } from './scene.ts'

/** Two products; the first one sleeps for so long from the moment in which the database has let its attempt pass. */
async function asleepFor(ms: number) {
  const scene = await openScene([{ tasks: '  - {id: a, command: [a]}', runs: 1 }])
  const { around, product, world, database, ids, item } = scene
  const attempts = () => [...database.tables.attempt.values()]
  product.start()
  await world.run(60_000, () => attempts().some(({ state }) => state === 'running'))
  product.pause(ms, true)
  new Product('b', around).start()
  await world.run(world.now + ms + 30_000)
  await world.run(world.now + 180_000, () => item(ids[0] ?? '', 'a')?.endedAt != null)
  return { ...scene, attempts }
}

test('[R1] code does not start on a machine that slept for longer than its start gate is believed: its successor does', async () => {
  const { attempts, started } = await asleepFor(leaseMs + gateMs + 60_000)
  expect(attempts().map(({ n, state, reason }) => [n, state, reason])).toEqual([
    [1, 'lost', 'worker_lost'],
    [2, 'succeeded', null],
  ])
  expect(started().map(({ n }) => n)).toEqual([2])
})

test('[R1] one that woke before others gave the attempt up says that its answer came too late', async () => {
  const { attempts, started } = await asleepFor(gateMs + 1000)
  expect(attempts().map(({ n, state, reason }) => [n, state, reason])).toEqual([
    [1, 'lost', 'infrastructure_unknown'],
    [2, 'succeeded', null],
  ])
  expect(started().map(({ n }) => n)).toEqual([2])
})

test('a short sleep changes nothing', async () => {
  const { attempts, started } = await asleepFor(gateMs - 1000)
  expect(attempts()).toMatchObject([{ n: 1, state: 'succeeded' }])
  expect(started()).toHaveLength(1)
})
