import { expect, test } from 'vitest'
import { verdictLine } from './comparison.ts'

test('the verdict is said first and in the words of the page, three reasons at once', () => {
  expect(verdictLine({ word: 'better', reasons: ['train.accuracy +2.8 %', 'no metric worse'] })).toBe(
    'Better: train.accuracy +2.8 % · no metric worse',
  )
  expect(verdictLine({ word: 'regressed', reasons: ['a', 'b', 'c', 'd', 'e'] })).toBe(
    'Regressed: a · b · c · 2 more',
  )
  expect(verdictLine({ word: 'none', reasons: ['nothing declared'] })).toBe('No verdict: nothing declared')
})
