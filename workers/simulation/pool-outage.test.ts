/** What workers of the pool live through when nobody answers them, by virtual time and with the leases of the product. */
import { expect, test } from 'vitest'
import { poolLeaseSeconds } from '#server/config/lease.ts'
import { PoolMachine } from './pool-machine.ts'
import { openScene } from './scene.ts'

const minute = 60_000

/** A task of twenty-five minutes that runs on machine `p` of the pool since about a minute. */
async function runsInPool() {
  const scene = await openScene(
    [{ tasks: '  - {id: a, command: [a], executor: pool, queue: far}', runs: 1 }],
    { codeMs: 25 * minute, poolLease: poolLeaseSeconds },
  )
  const { around, product, world, database, started } = scene
  const machine = (name: string) => new PoolMachine(name, around, { product, queues: ['far'], slots: 1 })
  const [p, q] = [machine('p'), machine('q')]
  product.start()
  p.start()
  await world.run(minute)
  expect(started()).toHaveLength(1)
  const attempts = () => [...database.tables.attempt.values()]
  return { ...scene, p, q, attempts, over: () => attempts().every(({ endedAt }) => endedAt !== null) }
}

test('[R16] an attempt of the pool lives through fifteen minutes without a server', async () => {
  const { world, product, q, attempts, started, over } = await runsInPool()
  product.kill()
  await world.run(16 * minute)
  product.start()
  q.start()
  await world.run(40 * minute, over)
  expect(attempts()).toMatchObject([{ n: 1, state: 'succeeded' }])
  expect(started()).toHaveLength(1)
})

test('[R16] an attempt of the pool lives through fifteen minutes without a network, and nobody else is given it', async () => {
  const { world, p, q, attempts, started, over } = await runsInPool()
  q.start()
  p.cutUntil = 16 * minute
  await world.run(40 * minute, over)
  expect(attempts()).toMatchObject([{ n: 1, state: 'succeeded' }])
  expect(started()).toHaveLength(1)
})

test('[R1] a worker that is cut off for longer ends its attempt before another one is given the next', async () => {
  const { world, around, p, q, attempts, started } = await runsInPool()
  q.start()
  p.cutUntil = 60 * minute
  await world.run(25 * minute, () => started().length > 1)
  expect(attempts().map(({ n, state, reason }) => [n, state, reason])).toEqual([
    [1, 'lost', 'worker_lost'],
    [2, 'running', null],
  ])
  const ended = around.history.entries.filter(({ kind }) => kind === 'code_ended')
  expect(ended).toHaveLength(1)
  const apart = (started()[1]?.at ?? 0) - (ended[0]?.at ?? 0)
  expect(apart).toBeGreaterThan(30_000)
  expect(world.now).toBeLessThan(minute + (poolLeaseSeconds + 30) * 1000)
})
