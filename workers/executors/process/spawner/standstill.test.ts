import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Standstill } from './standstill.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

/** Watches one that answers, or not. */
function watch() {
  const one = { answers: true, asked: 0, found: 0 }
  const standstill: Standstill = new Standstill(
    () => {
      one.asked++
      if (one.answers) standstill.heard()
    },
    () => one.found++,
    1000,
  )
  standstill.start()
  return { one, standstill }
}

test('what answers does not stand still; what does not is found after four questions', () => {
  const { one } = watch()
  vi.advanceTimersByTime(60_000)
  expect(one).toMatchObject({ asked: 60, found: 0 })
  one.answers = false
  vi.advanceTimersByTime(4000)
  expect(one.found).toBe(0)
  vi.advanceTimersByTime(1000)
  expect(one.found).toBe(1)
})

test('an answer, however late, is one', () => {
  const { one, standstill } = watch()
  one.answers = false
  vi.advanceTimersByTime(4000)
  standstill.heard()
  vi.advanceTimersByTime(4000)
  expect(one.found).toBe(0)
})

test('who stood still itself takes nobody for standing still before it has read what came meanwhile', () => {
  const { one } = watch()
  one.answers = false
  vi.advanceTimersByTime(4000)
  const now = performance.now()
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now + 100_000)
  vi.advanceTimersByTime(1000)
  clock.mockRestore()
  expect(one.found).toBe(0)
})
