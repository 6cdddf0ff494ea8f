import fc from 'fast-check'
import { expect, test } from 'vitest'
import { ExpressionError, fromCel, parseExpression, toCel } from './cel.ts'
import { referencesOf } from './references.ts'
import { parseTemplate } from './template.ts'

const evaluate = (source: string, facts: Record<string, unknown> = {}) =>
  fromCel(parseExpression(source).evaluate(facts))

test.each([
  ['1 + 2', 3],
  ['1 + 1.5', 2.5],
  ['params.a * 2', 3],
  ['7 / 2', 3],
  ['7.0 / 2', 3.5],
  ['params.n + 1', 5],
  ['1 < 1.5', true],
  ['params.list.map(x, x + 1)', [2, 3]],
  ['{"a": 1, "b": [true]}', { a: 1, b: [true] }],
  ["tasks['my-task'].state == 'succeeded'", true],
])('%s is %j', (source, result) => {
  const facts = {
    params: { a: toCel(1.5, 'number'), n: toCel(4), list: toCel([1, 2]) },
    tasks: { 'my-task': { state: 'succeeded' } },
  }
  expect(evaluate(source, facts)).toEqual(result)
})

test.each(['1 +', 'a.', '"x" - 1', 'f(1', ''])('%j is refused when it is compiled', (source) =>
  expect(() => parseExpression(source)).toThrow(ExpressionError),
)

test('an error while evaluating names what is missing; a number beyond 2^53 is refused', () => {
  expect(() => evaluate('params.x', { params: {} })).toThrow(ExpressionError)
  expect(() => evaluate('9007199254740993')).toThrow('beyond 2^53')
})

test('a whole number that is declared a number stays broken', () => {
  expect(evaluate('params.a / 2', { params: { a: toCel(3, 'number') } })).toBe(1.5)
})

test('references are found with their place, also in macros and brackets', () => {
  const source =
    "tasks.train.values.a > params.k && tasks['my-task'].outputs.f == matrix[params.axis] && [1].exists(t, t == run.id)"
  const found = referencesOf(parseExpression(source).ast).map(
    (r) => `${source.slice(r.start, r.end)} ${r.root} ${r.path.join('/')}${r.dynamic ? ' ?' : ''}`,
  )
  expect(found).toEqual([
    'tasks.train.values.a tasks train/values/a',
    'params.k params k',
    "tasks['my-task'].outputs.f tasks my-task/outputs/f",
    'matrix[params.axis] matrix  ?',
    'params.axis params axis',
    'run.id run id',
  ])
})

test('a text that is exactly one expression is told apart from one that holds it', () => {
  expect(parseTemplate('${{ a.b }}')).toMatchObject({ whole: { source: ' a.b ', start: 3 } })
  expect(parseTemplate('x-${{ a }}-${{ b }}')).toMatchObject({
    whole: null,
    parts: [{ text: 'x-' }, { source: ' a ' }, { text: '-' }, { source: ' b ' }],
  })
  expect(parseTemplate(`\${{ {"a": {"b": "}}"}} }}`)).toMatchObject({
    whole: { source: ' {"a": {"b": "}}"}} ' },
  })
  expect(parseTemplate('${{ a')).toEqual({ unclosed: 0 })
})

/** '' when it parses, else the name of what was thrown. */
function thrownBy(text: string): string {
  try {
    referencesOf(parseExpression(text).ast)
    return ''
  } catch (error) {
    return (error as Error).name
  }
}

test('any text is parsed or refused by an ExpressionError', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (text) => {
      expect(['', 'ExpressionError']).toContain(thrownBy(text))
    }),
    { numRuns: 1000 },
  )
})

test('a template loses nothing of its text', () => {
  const piece = fc.oneof(fc.string({ maxLength: 5 }), fc.constantFrom('${{', '}}', '{', '}', '"', "'"))
  const written = (text: string) => {
    const template = parseTemplate(text)
    if ('unclosed' in template) return text
    return template.parts.map((part) => (part.kind === 'text' ? part.text : `\${{${part.source}}}`)).join('')
  }
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      expect(written(pieces.join(''))).toBe(pieces.join(''))
    }),
  )
})
