import { expect, test } from 'vitest'
import { Falls, restartDelay, tooMany } from './falls.ts'

test('[R14] what falls once a week is started again as fast the fiftieth time as the first', () => {
  const falls = new Falls()
  const delays = Array.from({ length: 50 }, (_, week) => restartDelay(falls.note(week * 7 * 86_400_000)))
  expect(new Set(delays)).toEqual(new Set([200]))
})

test('what falls again and again waits longer each time, and is given up within a minute', () => {
  const falls = new Falls()
  const counts = Array.from({ length: tooMany }, (_, i) => falls.note(i * 1000))
  expect(counts).toEqual([1, 2, 3, 4, tooMany])
  expect(counts.map(restartDelay)).toEqual([200, 400, 800, 1600, 3200])
  expect(falls.note(60_500)).toBe(tooMany)
})
