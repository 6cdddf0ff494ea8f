import { expect, test } from 'vitest'
import { gateMs } from '#server/config/lease.ts'
import { Overdue } from './overdue.ts'

test('[R17] an attempt is given up when its lease has been over for as long as its start gate may answer', () => {
  let now = 0
  const overdue = new Overdue(() => now)
  const look = (...tokens: string[]) =>
    overdue.look(tokens.map((token) => ({ token, runId: 'r' }))).map(({ token }) => token)
  expect(look('a')).toEqual([])
  now = gateMs
  expect(look('a', 'b')).toEqual([])
  now = gateMs + 1
  expect(look('a', 'b')).toEqual(['a'])
  // Its worker was heard in between.
  expect(look('a')).toEqual(['a'])
  now = 2 * gateMs + 2
  expect(look('a', 'b')).toEqual(['a'])
  now = 3 * gateMs + 3
  expect(look('b')).toEqual(['b'])
})
