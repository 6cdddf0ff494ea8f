import { expect, test } from 'vitest'
import { atOnce, stages } from './stages.ts'

test('a stage that runs beside others begins with the one before it; the rest wait for their turn', () => {
  const beside = true
  const [a, b, c, d] = [{}, { beside }, { beside }, {}] as const
  expect(atOnce([a, b, c, d])).toEqual([[a, b, c], [d]])
  expect(atOnce([b, a])).toEqual([[b], [a]])
})

test('no stage is left out, and the tests begin when format, lint and types are over', () => {
  const groups = atOnce(stages).map((group) => group.map(({ name }) => name))
  expect(groups.flat()).toEqual(stages.map(({ name }) => name))
  expect(groups[0]).toEqual(['format', 'lint', 'types'])
  expect(groups.slice(1).every((group) => group.length === 1)).toBe(true)
})
