import { expect, test } from 'vitest'
import { joinTables, parseTable } from './tables.ts'

const table = (text: string) => parseTable(text, ',')

test('rows are joined by key, whatever their order, and numbers compared within tolerance', () => {
  const joined = joinTables(
    table('row,p,q\n1,a,0.5000\n2,b,0.6\n3,c,0.7\n'),
    table('row,p,q\n3,c,0.9\n1,a,0.5004\n4,d,1\n'),
    ['row'],
    { abs: 0.001 },
  )
  expect(joined.rows.map((row) => [row.change, row.cells.map((cell) => cell.changed)])).toEqual([
    ['changed', [false, false, true]],
    ['same', [false, false, false]],
    ['added', [false, false, false]],
    ['removed', [false, false, false]],
  ])
})

test('a column that is new or gone changes every row that both have', () => {
  const joined = joinTables(table('k,a\n1,x\n'), table('k,b\n1,y\n'), ['k'], null)
  expect(joined.columns).toEqual(['k', 'b', 'a'])
  expect(joined.rows[0]?.change).toBe('changed')
})

test('keys that are not there or stand twice are said', () => {
  expect(joinTables(table('a\n1\n'), table('a\n1\n'), ['k'], null).problem).toBe(
    'the key column k is not in both tables',
  )
  expect(joinTables(table('k\n1\n1\n'), table('k\n1\n'), ['k'], null).problem).toContain('not unique')
})

test('without a key rows are joined by position; an empty cell is no zero', () => {
  expect(joinTables(table('a\n0\n'), table('a\n""\n'), [], { abs: 1 }).rows[0]?.change).toBe('changed')
})
