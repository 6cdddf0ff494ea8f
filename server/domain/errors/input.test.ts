import { expect, test } from 'vitest'
import { z } from 'zod'
import { checkedInput, hasOnlyTexts } from './input.ts'

test.each([
  [{ a: ['plain', { b: 'ö 🙂' }], n: 1, none: null }, true],
  [{ a: ['x', { b: 'a\0' }] }, false],
  [{ 'a\0': 1 }, false],
  ['\ud800', false],
  [undefined, true],
])('%j can be kept: %s', (input, kept) => expect(hasOnlyTexts(input)).toBe(kept))

test('a long list is no deep stack', () => {
  expect(hasOnlyTexts(Array.from({ length: 1_000_000 }, () => 'x'))).toBe(true)
})

test('every part that does not fit is named', () => {
  const schema = z.object({ id: z.uuid(), n: z.coerce.number().int() })
  expect(() => checkedInput(schema, { id: 'no', n: 'x' })).toThrow(/^id: Invalid UUID; n: .*NaN/)
})
