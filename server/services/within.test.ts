import { expect, test } from 'vitest'
import { parseExpression } from '../domain/expression/cel.ts'
import { fieldsSchema } from '../domain/run/params.ts'
import { checkParams } from './run/check-params.ts'
import { within } from './within.ts'

const late = () => new Error('late')

test('what is quick gives its value, and throws its own errors', () => {
  expect(within(() => 7, late)).toBe(7)
  expect(() =>
    within(() => {
      throw new TypeError('its own')
    }, late),
  ).toThrow('its own')
})

test.each([
  [
    'a loop',
    () => {
      for (;;);
    },
  ],
  ['a regular expression', () => /^(a+)+$/.test(`${'a'.repeat(60)}!`)],
  ['an expression', () => parseExpression(`"${'a'.repeat(60)}!".matches("^(a+)+$")`).evaluate({})],
])('[R18] %s without an end is ended', (_, work) => expect(() => within(work, late, 100)).toThrow('late'))

test('[R18] what had no processor meanwhile, as in a process that was stopped, is begun again', () => {
  const never = new Int32Array(new SharedArrayBuffer(4))
  let tries = 0
  const stoppedOnce = () => {
    if (++tries === 1) Atomics.wait(never, 0, 0)
    return tries
  }
  expect(within(stoppedOnce, late, 100)).toBe(2)
  expect(() => within(() => Atomics.wait(never, 0, 0), late, 100)).toThrow('late')
})

test('[R18] a param whose pattern backtracks for ever is refused with a sentence', () => {
  const schema = fieldsSchema({ p: { type: 'string', pattern: '^(a+)+$' } })
  expect(checkParams(schema, { p: 'aaa' })).toEqual({ p: 'aaa' })
  expect(() => checkParams(schema, { p: `${'a'.repeat(60)}!` })).toThrow(
    'a `pattern` of theirs takes too long',
  )
})
