import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mergeTexts } from './merge-texts.ts'

const base = 'one\ntwo\nthree\nfour\nfive\n'

test('changes of lines apart from each other meet in one text', () => {
  expect(mergeTexts(base, base.replace('five', 'FIVE'), base.replace('one', 'ONE'))).toBe(
    base.replace('one', 'ONE').replace('five', 'FIVE'),
  )
  expect(mergeTexts(base, base.replace('two\n', ''), `${base}six\n`)).toBe(
    `${base.replace('two\n', '')}six\n`,
  )
})

test('the same line changed in both, or lines beside each other, cannot be put together', () => {
  expect(mergeTexts(base, base.replace('two', 'TWO'), base.replace('two', 'zwei'))).toBeNull()
  expect(mergeTexts(base, base.replace('two', 'TWO'), base.replace('three', 'drei'))).toBeNull()
  expect(mergeTexts(base, `mine\n${base}`, `theirs\n${base}`)).toBeNull()
})

test('the same change in both is one', () => {
  expect(mergeTexts(base, base.replace('two', 'TWO'), base.replace('two', 'TWO'))).toBe(
    base.replace('two', 'TWO'),
  )
})

const text = fc
  .array(fc.constantFrom('a\n', 'b\n', 'b\r\n', '\n', 'c'), { maxLength: 8 })
  .map((lines) => lines.join(''))

test('what one side left alone is as the other has it; who is asked first makes no difference', () => {
  fc.assert(
    fc.property(text, text, text, (one, two, three) => {
      expect(mergeTexts(one, two, one)).toBe(two)
      expect(mergeTexts(one, one, two)).toBe(two)
      expect(mergeTexts(one, two, three)).toBe(mergeTexts(one, three, two))
    }),
  )
})
