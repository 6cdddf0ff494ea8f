import fc from 'fast-check'
import { expect, test } from 'vitest'
import { entry, parseYaml, toJson } from './located.ts'

test('values know where they are written', () => {
  const text = 'id: train\nneeds: [fetch, clean]\n'
  const { root, faults } = parseYaml(text, 100)
  expect(faults).toEqual([])
  const needs = entry(root, 'needs')
  expect(
    needs?.kind === 'list' && needs.items.map((item) => text.slice(item.start - 100, item.end - 100)),
  ).toEqual(['fetch', 'clean'])
})

test('YAML 1.2: no and on are strings, 1.0 is a number', () => {
  const { root } = parseYaml('a: no\non: 1.0\n', 0)
  expect(root && toJson(root)).toEqual({ a: 'no', on: 1 })
})

test('a double may be large, and a whole number in quotes is a text', () => {
  const { root, faults } = parseYaml('a: 1.2e18\nb: "9007199254740993"\nc: -9007199254740991\n', 0)
  expect(faults).toEqual([])
  expect(root && toJson(root)).toEqual({ a: 1.2e18, b: '9007199254740993', c: -9007199254740991 })
})

test.each([
  ['a: 1\na: 2\n', 'unique'],
  ['a: &x 1\nb: *x\n', 'anchors and aliases'],
  ['a: {t: ${{ tasks.x.outputs.y }}}\n', 'must be quoted'],
  ['a: .inf\n', 'JSON'],
  ['a: [1, 9007199254740993]\n', '9007199254740993 is a whole number beyond 2^53'],
  ['a: [1\n', 'flow'],
  [`a: ${'['.repeat(100)}${']'.repeat(100)}\n`, 'nested deeper'],
  [`a: ${'['.repeat(50_000)}\n`, 'nested'],
])('%s is a fault and not an exception', (text, message) => {
  expect(
    parseYaml(text, 0)
      .faults.map((fault) => fault.message.toLowerCase())
      .join(),
  ).toContain(message.toLowerCase())
})

test('a bomb of aliases is refused in no time', () => {
  const bomb = `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghi'
    .split('')
    .map((c, i) => `${c}: &${c} [${Array(9).fill(`*${'abcdefghi'[i]}`).join()}]`)
    .join('\n')}\n`
  expect(parseYaml(bomb, 0).faults.length).toBeGreaterThan(0)
})

test('any text is read or refused, never thrown', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
      expect(parseYaml(text, 0).faults.length).toBeGreaterThanOrEqual(0)
    }),
    { numRuns: 1000 },
  )
})
