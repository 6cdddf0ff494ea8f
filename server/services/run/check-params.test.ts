import { expect, test } from 'vitest'
import type { Json } from '../../domain/json.ts'
import { checkParams, refuseRounded } from './check-params.ts'

const schema = (properties: Record<string, Json>): Record<string, Json> => ({ type: 'object', properties })
const large = 1.2e18

test('a whole number that was rounded is refused when it comes from outside, wherever it is', () => {
  expect(() => refuseRounded(schema({ n: { type: 'integer' } }), { n: large })).toThrow(/'n' holds 12/)
  expect(() => refuseRounded(schema({ all: { type: 'array' } }), { all: [1, large] })).toThrow(/'all' holds/)
})

test.each<[Record<string, Json>, Json]>([
  [{ type: 'number' }, large],
  [{ type: ['number', 'null'] }, large],
  [{ type: 'array', items: { type: 'number' } }, [large]],
  [{ type: 'object', properties: { flops: { type: 'number' } } }, { flops: large }],
])('where %j is declared, it is a double', (declared, value) => {
  expect(() => refuseRounded(schema({ n: declared }), { n: value })).not.toThrow()
})

test('what a notebook declares can be run: its own doubles are checked by the schema alone', () => {
  const params = { opts: { flops: large } }
  expect(checkParams(schema({ opts: { type: 'object' } }), params)).toEqual(params)
})
