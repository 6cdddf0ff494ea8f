import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Looks, patienceMs, togetherMs } from './looks.ts'

beforeEach(() => vi.useFakeTimers())
afterEach(() => vi.useRealTimers())

/** Looks of which each takes `ms`; null: never ends. */
function looksOf(ms: number | null) {
  const seen = { begun: 0, over: 0 }
  const looks = new Looks(async () => {
    seen.begun++
    await new Promise<void>((done) => ms !== null && setTimeout(done, ms))
    seen.over++
  })
  return { looks, seen }
}

test('changes that come together are looked at once', async () => {
  const { looks, seen } = looksOf(10)
  for (let i = 0; i < 50; i++) looks.changed()
  await vi.advanceTimersByTimeAsync(togetherMs + 10)
  expect(seen).toEqual({ begun: 1, over: 1 })
})

test('a look that is slower than the changes is not given up for them, and the last change is seen', async () => {
  const { looks, seen } = looksOf(3000)
  for (let i = 0; i < 10; i++) {
    looks.changed()
    await vi.advanceTimersByTimeAsync(1000)
  }
  expect(seen).toEqual({ begun: 4, over: 3 })
  await vi.advanceTimersByTimeAsync(60_000)
  expect(seen.over).toBe(seen.begun)
})

test('a look that never ends keeps nobody from the next one', async () => {
  const { looks, seen } = looksOf(null)
  looks.changed()
  await vi.advanceTimersByTimeAsync(togetherMs)
  looks.changed()
  await vi.advanceTimersByTimeAsync(patienceMs - 1)
  expect(seen.begun).toBe(1)
  await vi.advanceTimersByTimeAsync(togetherMs + 1)
  expect(seen.begun).toBe(2)
})

test('one that fails is over, too', async () => {
  let begun = 0
  const looks = new Looks(() => {
    begun++
    return Promise.reject(new Error('refused'))
  })
  for (let i = 0; i < 3; i++) {
    looks.changed()
    await vi.advanceTimersByTimeAsync(togetherMs)
  }
  expect(begun).toBe(3)
})

test('when it is stopped nothing is looked at any more', async () => {
  const { looks, seen } = looksOf(1000)
  looks.changed()
  await vi.advanceTimersByTimeAsync(togetherMs)
  looks.changed()
  looks.stop()
  await vi.advanceTimersByTimeAsync(10_000)
  expect(seen).toEqual({ begun: 1, over: 1 })
})
