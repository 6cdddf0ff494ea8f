import { expect, test } from 'vitest'
import { choiceTexts, readParams } from './params.ts'

test('a choice without a default begins with none: what is shown is what is sent', () => {
  expect(choiceTexts({ type: 'string', enum: ['publish', 'hold'] })).toEqual(['', 'publish', 'hold'])
  expect(choiceTexts({ type: 'string', enum: ['publish', 'hold'], default: 'hold' })).toEqual([
    'publish',
    'hold',
  ])
  expect(choiceTexts({ type: 'boolean' })).toEqual(['', 'true', 'false'])
  expect(choiceTexts({ enum: ['', 'a'] })).toEqual(['', 'a'])
  expect(choiceTexts({ type: 'integer' })).toBeNull()
})

test('a choice is sent as the value it stands for, and the empty one is not sent', () => {
  const properties = { level: { enum: ['1', 2, true] }, verdict: { type: 'string', enum: ['publish'] } }
  expect(readParams(properties, { level: '1', verdict: '' })).toEqual({ level: '1' })
  expect(readParams(properties, { level: '2', verdict: 'publish' })).toEqual({ level: 2, verdict: 'publish' })
  expect(readParams(properties, { level: 'true' })).toEqual({ level: true })
})

test('what is typed has the type of its schema, and what does not fit goes as text', () => {
  const properties = { who: { type: 'string' }, rows: { type: 'integer' }, opts: { type: 'object' } }
  expect(readParams(properties, { who: '12', rows: '12', opts: '{"a": [1]}' })).toEqual({
    who: '12',
    rows: 12,
    opts: { a: [1] },
  })
  expect(readParams(properties, { who: '', rows: ' ', opts: '{a' })).toEqual({ who: '', opts: '{a' })
  expect(readParams(properties, { gone: '1' })).toEqual({})
  expect(readParams(properties, { rows: '9007199254740993' })).toEqual({ rows: '9007199254740993' })
})
