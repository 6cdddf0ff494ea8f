import { expect, test } from 'vitest'
import { compare, median, pairRatio, quantile, round, spread } from './statistics.ts'

test('a quantile lies between the closest ranks, and of nothing there is none', () => {
  expect(quantile([4, 1, 3, 2], 0.5)).toBe(2.5)
  expect(quantile([10, 20], 0.95)).toBeCloseTo(19.5)
  expect(median([7])).toBe(7)
  expect(() => median([])).toThrow('no values')
})

test('a figure has three digits, whatever its size', () => {
  expect([round(1234.5), round(0.012345), round(9.996)]).toEqual([1230, 0.0123, 10])
  expect(spread([1, 2, 3.456])).toEqual({ 'p50 ms': 2, 'p95 ms': 3.31 })
})

test('a ratio is the median over pairs, not the ratio of medians: a slow minute slows both of a pair', () => {
  const ours = [10, 100, 20]
  const peer = [10, 50, 40]
  expect(pairRatio(ours, peer)).toBe(1)
  expect(median(ours) / median(peer)).toBe(0.5)
})

test('each peer has a column, and its pairs beside the table', () => {
  expect(compare([10, 30], { make: [5, 10], Restate: [10, 10] })).toEqual({
    '÷ make': 2.5,
    '÷ Restate': 2,
    pairs: [
      {
        peer: 'make',
        pairs: [
          { ours: 10, peer: 5, ratio: 2 },
          { ours: 30, peer: 10, ratio: 3 },
        ],
      },
      {
        peer: 'Restate',
        pairs: [
          { ours: 10, peer: 10, ratio: 1 },
          { ours: 30, peer: 10, ratio: 3 },
        ],
      },
    ],
  })
})

test('a peer that was not there has no column; to itself a side is 1, without pairs', () => {
  const peer = [5, 7]
  expect(compare(peer, { make: peer, Restate: [], DBOS: undefined })).toEqual({ '÷ make': 1 })
})

test('a run that failed took for ever: it is no number less than any other, and nothing against itself', () => {
  const failed = [1000, Infinity, Infinity]
  expect([median(failed), quantile(failed, 0)]).toEqual([Infinity, 1000])
  expect(compare([10, 10, 10], { Airflow: failed })).toMatchObject({ '÷ Airflow': 0 })
  expect(compare(failed, { Airflow: failed })).toEqual({ '÷ Airflow': 1 })
})

test('a round that has only one of two values is no pair', () => {
  expect(() => compare([1, 2, 3], { make: [1, 2] })).toThrow('3 values have 2 to compare with')
})
