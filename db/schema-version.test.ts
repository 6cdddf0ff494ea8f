import { expect, test } from 'vitest'
import { judgeSchema, type SchemaState } from './schema-version.ts'

test.each<[string, SchemaState, string]>([
  ['its own schema', { newest: 10, oldest: 8 }, 'works'],
  ['its own schema, of which nobody has said anything', { newest: 10, oldest: null }, 'works'],
  ['no schema', { newest: 0, oldest: null }, 'not_migrated'],
  ['an older schema', { newest: 9, oldest: 7 }, 'not_migrated'],
  ['a newer schema that it may work on', { newest: 12, oldest: 10 }, 'works'],
  ['a newer schema that older builds may work on, too', { newest: 12, oldest: 8 }, 'works'],
  ['a newer schema that it may not work on', { newest: 12, oldest: 11 }, 'too_new'],
  ['a newer schema of which nobody has said anything', { newest: 12, oldest: null }, 'too_new'],
])('[R19] a build on %s', (_, state, verdict) => {
  expect(judgeSchema(state, 10)).toBe(verdict)
})
