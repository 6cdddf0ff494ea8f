import { expect, test } from 'vitest'
import type { Grid } from '#server/views/dag.ts'
import { runOfGrid as run } from './testing.ts'
import { firstFailure, rowsOf, step, summary, versionSpans, type GridCell } from './grid-model.ts'

const cell = (state: GridCell['state'], more: Partial<GridCell> = {}): GridCell => ({
  state,
  reason: null,
  items: 1,
  done: 1,
  retried: false,
  duration: 1,
  ...more,
})
const task = (id: string, group: string | null = null) => ({ id, group, title: null })
const grid: Grid = {
  tasks: [task('fetch'), task('clean.a', 'clean'), task('clean.b', 'clean'), task('report')],
  runs: [run(1, 1, 'succeeded'), run(2, 1, 'failed'), run(3, 2, 'succeeded')],
  cells: [
    [cell('succeeded'), cell('succeeded'), cell('succeeded'), cell('succeeded')],
    [cell('succeeded'), cell('succeeded'), cell('failed', { items: 3, done: 3 }), cell('upstream_failed')],
    [cell('succeeded'), null, null, cell('succeeded', { retried: true })],
  ],
}

test('a group is a row before its tasks; folded it stands for them, with their worst state and their counts', () => {
  expect(rowsOf(grid, new Set()).map((row) => row.id)).toEqual([
    'fetch',
    'clean',
    'clean.a',
    'clean.b',
    'report',
  ])
  const folded = rowsOf(grid, new Set(['clean']))
  expect(folded.map((row) => row.id)).toEqual(['fetch', 'clean', 'report'])
  expect(folded[1]).toMatchObject({ tasks: 2, folded: true })
  expect(folded[1]?.cells.map((one) => one && [one.state, one.items])).toEqual([
    ['succeeded', 2],
    ['failed', 4],
    null,
  ])
})

test('a version spans the runs beside each other that it made', () => {
  expect(versionSpans(grid.runs).map(({ version, first, runs }) => [version.number, first, runs])).toEqual([
    [1, 0, 2],
    [2, 2, 1],
  ])
})

test('the first failure is the first failed task of the newest run that failed, also within a folded group', () => {
  expect(firstFailure(rowsOf(grid, new Set()), 3)).toEqual({ row: 3, run: 1 })
  expect(firstFailure(rowsOf(grid, new Set(['clean'])), 3)).toEqual({ row: 1, run: 1 })
  expect(firstFailure(rowsOf({ ...grid, runs: grid.runs.slice(2), cells: [] }, new Set()), 1)).toBeNull()
})

test('steps stay inside', () => {
  expect(step({ row: 0, run: 0 }, { row: -1, run: 1 }, 4, 3)).toEqual({ row: 0, run: 1 })
  expect(step({ row: 3, run: 2 }, { row: 1, run: 1 }, 4, 3)).toEqual({ row: 3, run: 2 })
})

test('runs in sum: how many of each state, and the middle time of those that succeeded', () => {
  expect(summary(grid.runs)).toEqual({
    states: [
      ['succeeded', 2],
      ['failed', 1],
    ],
    median: 1000,
  })
})
