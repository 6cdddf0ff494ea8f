import { afterAll, expect, test } from 'vitest'
import { Random } from '#workers/simulation/random.ts'
import { CreationRate, type Rate } from './creation-rate.ts'
import { Sockets, VirtualTime } from './testing/virtual-time.ts'

const sockets = new Sockets()
afterAll(() => sockets.close())

const rate: Rate = { perSecond: 10, burst: 3 }

function turns(given: Rate) {
  const timing = new VirtualTime(sockets, new Random(1))
  const creations = new CreationRate(timing, given)
  const at: number[] = []
  const ask = async (signal = new AbortController().signal) => {
    await creations.turn(signal)
    at.push(Math.round(timing.elapsed()))
  }
  return { timing, at, ask }
}

test('as many at once as the burst, then so many a second, first come first served', async () => {
  const { timing, at, ask } = turns(rate)
  for (let i = 0; i < 8; i++) void ask()
  await timing.run(10_000)
  expect(at).toEqual([0, 0, 0, 100, 200, 300, 400, 500])
})

test('a rest gives back the burst and no more', async () => {
  const { timing, at, ask } = turns(rate)
  for (let i = 0; i < 5; i++) void ask()
  await timing.run(60_000)
  for (let i = 0; i < 5; i++) void ask()
  await timing.run(120_000)
  expect(at.slice(5).map((ms) => ms - 60_000)).toEqual([0, 0, 0, 100, 200])
})

test('over any second there are no more than the rate and the burst', async () => {
  const { timing, at, ask } = turns({ perSecond: 50, burst: 10 })
  const random = new Random(7)
  for (let ms = 0; ms < 20_000; ms += Math.floor(random.next() * 60)) {
    await timing.run(ms)
    void ask()
  }
  await timing.run(600_000)
  const within = at.map((from) => at.filter((one) => one >= from && one < from + 1000).length)
  expect(at.length).toBeGreaterThan(300)
  expect(Math.max(...within)).toBeLessThanOrEqual(60)
})

test('who is called off waits no longer', async () => {
  const { timing, at, ask } = turns({ perSecond: 1, burst: 1 })
  const off = new AbortController()
  void ask()
  void ask(off.signal)
  await timing.run(10)
  off.abort()
  await timing.run(20)
  expect(at).toEqual([0, 10])
})
