import { expect, test } from 'vitest'
import type { Json } from '../../domain/json.ts'
import { checkGiven, checkParams } from './check-params.ts'

const schema = (properties: Record<string, Json>): Record<string, Json> => ({ type: 'object', properties })
const large = 1.2e18

test('a whole number that was rounded is refused when it comes from outside, wherever it is', () => {
  expect(() => checkGiven(schema({ n: { type: 'integer' } }), { n: large })).toThrow(/'n' holds 12/)
  expect(() => checkGiven(schema({ all: { type: 'array' } }), { all: [1, large] })).toThrow(/'all' holds/)
})

test.each<[Record<string, Json>, Json]>([
  [{ type: 'number' }, large],
  [{ type: ['number', 'null'] }, large],
  [{ type: 'array', items: { type: 'number' } }, [large]],
  [{ type: 'object', properties: { flops: { type: 'number' } } }, { flops: large }],
])('where %j is declared, it is a double', (declared, value) => {
  expect(() => checkGiven(schema({ n: declared }), { n: value })).not.toThrow()
})

test('what a notebook declares can be run: its own doubles are checked by the schema alone', () => {
  const params = { opts: { flops: large } }
  expect(checkParams(schema({ opts: { type: 'object' } }), params)).toEqual(params)
})

test('[R18] lists that are compared pair by pair hold nothing up', () => {
  const declared = schema({ all: { type: 'array', uniqueItems: true } })
  const all = Array.from({ length: 60_000 }, (_, i) => ({ i }))
  expect(() => checkParams(declared, { all })).toThrow('or another check does')
})
