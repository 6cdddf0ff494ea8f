import { expect, test } from 'vitest'
import { checkParams, paramsSchema, readParams, withDefaults } from './params.ts'

const schema = paramsSchema({
  params: {
    rows: { schema: { type: 'integer', default: 150, minimum: 30 }, required: false },
    name: { schema: { type: 'string' }, required: true },
    strict: { schema: { type: 'boolean', default: false }, required: false },
    alphas: { schema: { type: 'array', items: { type: 'number' }, default: [] }, required: false },
    limit: { schema: { type: ['integer', 'null'], default: null }, required: false },
    mode: { schema: { enum: ['fast', '1', 2], default: 'fast' }, required: false },
    day: { schema: { type: 'string', format: 'date', default: '2026-01-31' }, required: false },
  },
})

test.each([
  ['rows', '30', 30],
  ['rows', ' 30 ', 30],
  ['rows', 'many', 'many'],
  ['rows', '9007199254740993', '9007199254740993'],
  ['name', '30', '30'],
  ['name', 'true', 'true'],
  ['strict', 'true', true],
  ['strict', '1', '1'],
  ['alphas', '[0.1, 1]', [0.1, 1]],
  ['limit', 'null', null],
  ['limit', '7', 7],
  ['mode', 'fast', 'fast'],
  ['mode', '1', '1'],
  ['mode', '2', 2],
])('the text %s=%s is read as its schema has it', (name, text, json) => {
  expect(readParams(schema, { [name]: text })).toEqual({ [name]: json })
})

test('what is not given has its default', () => {
  expect(withDefaults(schema, { name: 'a', rows: 30 })).toMatchObject({ name: 'a', rows: 30, mode: 'fast' })
})

test.each([
  [{ name: 'a', rows: 3 }, "'rows' must be >= 30"],
  [{ name: 'a', rows: 'many' }, "'rows' must be integer"],
  [
    { name: 'a', rows: '9007199254740993' },
    "'rows' is 9007199254740993, beyond 2^53, where whole numbers are rounded",
  ],
  [{ rows: 30 }, "'name' is missing"],
  [{ name: 'a', row: 30 }, "there is no param 'row' (did you mean 'rows'?)"],
  [{ name: 'a', mode: 'slow' }, `'mode' must be equal to one of the allowed values: "fast", "1", 2`],
  [{ name: 'a', alphas: [1, 'x'] }, "'alphas/1' must be number"],
  [{ name: 'a', day: 'today' }, `'day' must match format "date"`],
])('%j: %s', (given, words) => {
  expect(() => checkParams(schema, given)).toThrow(`The params do not fit: ${words}.`)
})

test('every fault is named at once', () => {
  expect(() => checkParams(schema, { rows: 1, strict: 'x' })).toThrow(/rows.*; .*strict|name.*; .*rows/)
})
