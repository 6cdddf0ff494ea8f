import { expect, test } from 'vitest'
import { nextOf, pick, readLines, writeLines } from './line-link.ts'

test.each([
  ['#L120', { from: 120, to: 120 }],
  ['#L120-L140', { from: 120, to: 140 }],
  ['#L140-120', { from: 120, to: 140 }],
  ['#L0', null],
  ['#train', null],
  ['', null],
])('%s names %j', (hash, lines) => {
  expect(readLines(hash)).toEqual(lines)
})

test('an address that was written reads as it was meant', () => {
  for (const range of [
    { from: 3, to: 3 },
    { from: 3, to: 900_000 },
  ])
    expect(readLines(writeLines(range))).toEqual(range)
})

test('a press picks a line, with Shift a range', () => {
  expect(pick(null, 5, true)).toEqual({ from: 5, to: 5 })
  expect(pick({ from: 5, to: 5 }, 9, true)).toEqual({ from: 5, to: 9 })
  expect(pick({ from: 5, to: 9 }, 2, true)).toEqual({ from: 2, to: 5 })
  expect(pick({ from: 5, to: 9 }, 2, false)).toEqual({ from: 2, to: 2 })
})

test('next and previous go round', () => {
  expect(nextOf([2, 5, 9], 5, 1)).toBe(2)
  expect(nextOf([2, 5, 9], 9, 1)).toBe(0)
  expect(nextOf([2, 5, 9], 2, -1)).toBe(2)
  expect(nextOf([], 2, 1)).toBeNull()
})
