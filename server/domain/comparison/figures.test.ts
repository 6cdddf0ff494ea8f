import { expect, test } from 'vitest'
import { changeWords, compareFigures, equalWithin, verdictOf, type FigureRow } from './figures.ts'

const row = (values: (number | null)[], better: 'higher' | 'lower' | null, rel = 0.005): FigureRow => ({
  task: 'train',
  key: null,
  name: 'accuracy',
  better,
  tolerance: { rel },
  cells: compareFigures(values, 0, { better, tolerance: { rel } }),
})

test('equal is |a−b| ≤ max(abs, rel·max(|a|, |b|))', () => {
  expect(equalWithin(1, 1.005, { rel: 0.005 })).toBe(true)
  expect(equalWithin(1, 1.0051, { rel: 0.005 })).toBe(false)
  expect(equalWithin(-1, 1, { rel: 1 })).toBe(false)
  expect(equalWithin(0, 0.001, { abs: 0.001, rel: 0 })).toBe(true)
  expect(equalWithin(1, 1.0000001, null)).toBe(false)
})

test.each([
  [[0.96, 0.98], 'higher', 'better'],
  [[0.96, 0.94], 'higher', 'worse'],
  [[0.96, 0.94], 'lower', 'better'],
  [[0.96, 0.961], 'higher', 'same'],
  [[0.96, 0.94], null, 'changed'],
] as const)('%j with %s better is %s', (values, better, change) => {
  expect(row([...values], better).cells[1]?.change).toBe(change)
})

test('the verdict: worse anywhere is regressed, then better, then same; without a direction none', () => {
  expect(verdictOf([row([1, 2], 'higher'), row([1, 0.5], 'higher')], [null, null], 0).word).toBe('regressed')
  expect(verdictOf([row([1, 1.028], 'higher')], [null, null], 0)).toEqual({
    word: 'better',
    reasons: ['accuracy +2.8 %, tolerance ±0.5 %', 'no metric worse'],
  })
  expect(verdictOf([row([1, 1], 'higher')], [null, null], 0).word).toBe('same')
  expect(verdictOf([row([1, 2], null)], [null, null], 0).word).toBe('none')
})

test('a metric of several tasks and items is one reason: its span, and where it changed when not everywhere', () => {
  const at = (task: string, key: string | null, to: number) => ({ ...row([1, to], 'higher'), task, key })
  const reasons = (...rows: FigureRow[]) => verdictOf(rows, [null, null], 0).reasons[0]
  expect(reasons(at('train', 'a=1', 1.01), at('report', null, 1.03))).toBe(
    'accuracy +1.0 % to +3.0 %, tolerance ±0.5 %',
  )
  expect(reasons(at('train', 'a=1', 1.03), at('report', null, 1.03))).toBe(
    'accuracy +3.0 %, tolerance ±0.5 %',
  )
  expect(reasons(at('train', 'a=1', 1.03), at('report', null, 1))).toBe(
    'accuracy +3.0 % in train (a=1), tolerance ±0.5 %',
  )
  expect(reasons(at('train', 'a=1', 1.01), at('train', 'a=2', 1.03), at('report', null, 1))).toBe(
    'accuracy +1.0 % to +3.0 % in 2 of 3, tolerance ±0.5 %',
  )
})

test('a run that failed where the base did not is a regression, the other way round it is none', () => {
  expect(verdictOf([row([1, null], 'higher')], [null, 'train'], 0)).toEqual({
    word: 'regressed',
    reasons: ['failed in train'],
  })
  expect(verdictOf([row([1, 1], 'higher')], ['train', null], 0).word).toBe('same')
})

test('a base of 0 has a difference and no share', () => {
  expect(row([0, 2], 'higher').cells[1]).toMatchObject({ delta: 2, deltaRatio: null })
})

test.each([
  [[0.96, 0.987], 'higher', '+0.027 · +2.8 % better'],
  [[0.96, 0.9], 'higher', '−0.06 · −6.2 % worse'],
  [[0.96, 0.9601], 'higher', 'within tolerance'],
  [[0, 2], null, '+2 changed'],
] as const)('%j with %s better, in words: %s', (values, better, words) => {
  const [base, cell] = row([...values], better).cells
  expect(base == null ? null : changeWords(base)).toBe('')
  expect(cell == null ? null : changeWords(cell)).toBe(words)
})
