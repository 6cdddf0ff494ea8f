import { expect, test } from 'vitest'
import { compare } from './statistics.ts'
import { formatAllPairs, formatTable } from './table.ts'

const rows = [
  {
    figure: 'ours',
    ms: 20,
    ...compare([20, 20, 20, 20, 20, 20, 20], { make: [10, 10, 10, 10, 10, 10, 40] }),
  },
  { figure: 'make', ms: 10 },
  { figure: 'Airflow left out: no python3' },
]

test('columns are aligned, a row without a cell leaves it empty, and pairs are no column', () => {
  expect(formatTable(rows).split('\n')).toEqual([
    'figure                        ms  ÷ make',
    '----------------------------  --  ------',
    'ours                          20  2',
    'make                          10',
    'Airflow left out: no python3',
  ])
  expect(formatTable([])).toBe('(no rows)')
})

test('every pair is there, six in a line, under the figure and the peer', () => {
  expect(formatAllPairs(rows).split('\n')).toEqual([
    'ours ÷ make, pair by pair:',
    '  20/10 = 2   20/10 = 2   20/10 = 2   20/10 = 2   20/10 = 2   20/10 = 2',
    '  20/40 = 0.5',
  ])
  expect(formatAllPairs(rows.slice(1))).toBe('')
})
