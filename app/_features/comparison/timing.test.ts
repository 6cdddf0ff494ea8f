import { expect, test } from 'vitest'
import type { Comparison } from '#server/views/comparison.ts'
import { timingsOf } from './timing.ts'

const cell = (queuedAt: number, startedAt: number | null, endedAt: number | null) => ({
  queuedAt,
  startedAt,
  endedAt,
  state: 'succeeded',
})
const data = {
  runs: [{ id: 'a' }, { id: 'b' }],
  base: 'a',
  timings: [
    { task: 'train', key: null, was: [], cells: [cell(0, 1000, 5000), cell(0, 500, 2500)] },
    { task: 'report', key: null, was: [], cells: [cell(5000, 6000, 7000), null] },
    { task: 'skipped', key: null, was: [], cells: [cell(7000, null, 7000), cell(3000, null, 3000)] },
  ],
} as unknown as Comparison

test('runs share one axis; a task is so much longer or shorter than in the base', () => {
  const { rows, length } = timingsOf(data)
  expect(length).toBe(7000)
  expect(rows[0]?.bars.map(({ running, delta }) => [running, delta])).toEqual([
    [[1000, 5000], null],
    [[500, 2500], -2000],
  ])
})

test('a run without the task has no bar; a task that never ran has no length', () => {
  const { rows } = timingsOf(data)
  expect(rows[1]?.bars.map((bar) => bar.run)).toEqual([0])
  expect(rows[2]?.bars.map(({ running, length }) => [running, length])).toEqual([
    [null, null],
    [null, null],
  ])
})
