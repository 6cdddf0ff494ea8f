import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Wakeful } from './wakeful.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

const pollMs = 2000

/** A loop whose work takes `ms` and wants to be called after `next` at the latest, with the moments at which it began. */
function loopOf(ms = 0, next: number | null = null) {
  const began: number[] = []
  const start = performance.now()
  const loop = new Wakeful(
    async () => {
      began.push(performance.now() - start)
      if (ms > 0) await new Promise((done) => setTimeout(done, ms))
      return next
    },
    pollMs,
    (error) => {
      throw error
    },
  )
  return { loop, began }
}

test('it works when it is woken, and after the poll; woken while it works, once more', async () => {
  const { loop, began } = loopOf(100)
  loop.wake()
  loop.wake()
  loop.wake()
  await vi.advanceTimersByTimeAsync(150)
  expect(began).toEqual([0, 100])
  await vi.advanceTimersByTimeAsync(pollMs + 50)
  expect(began).toEqual([0, 100, 2200])
})

test('asked for a moment before the next one, it works then; for a later one, at the next one', async () => {
  const { loop, began } = loopOf(0, 1000)
  loop.wake()
  await vi.advanceTimersByTimeAsync(0)
  loop.within(1500)
  loop.within(300)
  loop.within(700)
  await vi.advanceTimersByTimeAsync(1300)
  expect(began).toEqual([0, 300, 1300])
})

test('asked while it works, the moment counts from when it was asked', async () => {
  const { loop, began } = loopOf(500)
  loop.wake()
  loop.within(300)
  loop.within(900)
  await vi.advanceTimersByTimeAsync(501)
  expect(began).toEqual([0, 501])
})

test('one that was never woken stays asleep, and so does one that was stopped', async () => {
  const { loop, began } = loopOf()
  loop.within(10)
  await vi.advanceTimersByTimeAsync(pollMs)
  expect(began).toEqual([])
  loop.wake()
  await vi.advanceTimersByTimeAsync(0)
  await loop.stop()
  loop.within(10)
  loop.wake()
  await vi.advanceTimersByTimeAsync(2 * pollMs)
  expect(began).toEqual([pollMs])
})
