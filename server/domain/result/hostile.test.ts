import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExpressionError, fromCel, parseExpression } from '../expression/cel.ts'
import { whyNotKept, type Json } from '../json.ts'
import { parseMetrics } from './metrics.ts'
import { parseValues } from './values.ts'

/** What `work` gives, or what it throws. */
const valueOf = (work: () => Json): unknown => {
  try {
    return work()
  } catch (error) {
    return error
  }
}

/** What a reader of a task's file throws is a sentence for its author: an Error, and no defect of ours. */
function sentenceOf(work: () => unknown): string | null {
  const told = valueOf(() => {
    work()
    return null
  })
  if (told === null) return null
  if (told instanceof Error && told.constructor === Error) return told.message
  throw new Error('a defect instead of a sentence', { cause: told })
}

test.each([
  ['a\0b=1', 'NUL'],
  ['{"a": "\\u0000"}', "the value 'a' cannot be kept: it holds a NUL"],
  ['{"a": {"\\ud800": 1}}', 'half a character'],
  ['{"a": 1e999}', 'not finite'],
  [`{"a": ${'['.repeat(65)}${']'.repeat(65)}}`, 'nested deeper than 64'],
  ['{"__proto__": 1}', 'names a value wrongly'],
])('values %j are refused with a sentence', (text, message) =>
  expect(sentenceOf(() => parseValues(text, {}))).toContain(message),
)

test.each([
  ['{"a": 1e999}', 'not a finite number'],
  ['{"a": 1}\0', 'NUL'],
  ['{"a": {"b": 1}}', 'not a number'],
  ['[1]', 'not an object'],
])('metrics %j are refused with a sentence', (text, message) =>
  expect(sentenceOf(() => parseMetrics(text, {}))).toContain(message),
)

test('a name that every object has is declared only when it is declared', () => {
  expect(parseMetrics('{"constructor": 1}', {})[0]?.declared).toBe(false)
  expect(parseValues('constructor=1', {})).toEqual([{ name: 'constructor', value: '1', declared: false }])
})

const scrap = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 8 }),
  fc.json(),
  fc.constantFrom('a=', '{"a":', '}', '\n', '\0', '"\\ud800"', '1e999', '-0', '__proto__', '[', '{'),
)

test('whatever a task writes, its values and metrics can be kept, or there is a sentence', () => {
  fc.assert(
    fc.property(fc.array(scrap, { maxLength: 12 }), (parts) => {
      const text = parts.join('')
      sentenceOf(() => {
        for (const { value } of parseValues(text, {})) expect(whyNotKept(value)).toBeNull()
      })
      sentenceOf(() => {
        for (const { value } of parseMetrics(text, {})) expect(Number.isFinite(value)).toBe(true)
      })
    }),
    { numRuns: 2000 },
  )
})

const word = fc.constantFrom(
  '1',
  '2.5',
  '-',
  '+',
  '*',
  '/',
  '%',
  '(',
  ')',
  '[',
  ']',
  '{',
  '}',
  ':',
  ',',
  '.',
  '?',
  '!',
  '==',
  '<',
  '&&',
  '||',
  '"a"',
  "'\\0'",
  'b"\\xff"',
  'true',
  'null',
  'params',
  'x',
  'size(',
  '.map(i, i)',
  '.all(i, i > 1)',
  'has(x.y)',
  '9223372036854775807',
  '1e308',
  'in',
  'timestamp(',
  'duration("1s")',
  '__proto__',
  'constructor',
  '\u0000',
)
test('whatever an expression is, it gives a value that JSON can hold, or an ExpressionError', () => {
  const facts = { params: { n: 1n, s: 'a' }, x: [1n, 2n] }
  fc.assert(
    fc.property(fc.array(word, { maxLength: 14 }), (words) => {
      const told = valueOf(() => fromCel(parseExpression(words.join(' ')).evaluate(facts)))
      expect(told instanceof ExpressionError || JSON.stringify(told) !== undefined).toBe(true)
    }),
    { numRuns: 3000 },
  )
})
