import { expect, test } from 'vitest'
import { hunksOf, type Side } from './diff-rows.ts'

const text = (lines: string[]) => `${lines.join('\n')}\n`
const lines = Array.from({ length: 30 }, (_, i) => `line ${i + 1}`)
const said = (side: Side | null) => side && [side.line, side.parts.map((part) => part.text).join('')]

test('equal texts have no hunk', () => {
  expect(hunksOf('a\n', 'a\n')).toEqual([])
})

test('a change stands beside what it replaced, three equal lines around it, the others counted', () => {
  const [hunk, ...more] = hunksOf(text(lines), text(lines.with(9, 'line ten'))) ?? []
  expect(more).toEqual([])
  expect(hunk?.skipped).toBe(6)
  expect(hunk?.rows.map((row) => row.same)).toEqual([true, true, true, false, true, true, true])
  expect([said(hunk?.rows[3]?.before ?? null), said(hunk?.rows[3]?.after ?? null)]).toEqual([
    [10, 'line 10'],
    [10, 'line ten'],
  ])
})

test('of a line that changed a little the words that changed are marked', () => {
  const row = hunksOf('matrix: {alpha: [0.01, 1.0]}\n', 'matrix: {alpha: [0.02, 1.0]}\n')?.[0]?.rows[0]
  expect(row?.before?.parts.filter((part) => part.changed).map((part) => part.text)).toEqual(['01'])
  expect(row?.after?.parts.filter((part) => part.changed).map((part) => part.text)).toEqual(['02'])
})

test('words that changed one after the other are one mark', () => {
  const row = hunksOf(
    "the name is 'logistic regression' here\n",
    "the name is 'nearest neighbours' here\n",
  )?.[0]?.rows[0]
  expect(row?.after?.parts).toEqual([
    { text: "the name is '", changed: false },
    { text: 'nearest neighbours', changed: true },
    { text: "' here", changed: false },
  ])
})

test('CR LF is not part of a line, unless it is what changed', () => {
  const both = hunksOf('a\r\nb\r\n', 'a\r\nc\r\n')?.[0]?.rows
  expect(both?.map((row) => [said(row.before), said(row.after)])).toEqual([
    [
      [1, 'a'],
      [1, 'a'],
    ],
    [
      [2, 'b'],
      [2, 'c'],
    ],
  ])
  const ends = hunksOf('a\n', 'a\r\n')?.[0]?.rows
  expect(ends?.map((row) => [said(row.before), said(row.after)])).toEqual([
    [
      [1, 'a'],
      [1, 'a␍'],
    ],
  ])
})

test('lines with nothing in common are marked as a whole; more lines than were removed stand alone', () => {
  const rows = hunksOf('alpha\n', 'one two three\nfour\n')?.[0]?.rows
  expect(rows?.[0]?.after?.parts).toEqual([{ text: 'one two three', changed: false }])
  expect(rows?.[1]).toMatchObject({ before: null, after: { line: 2 } })
})
