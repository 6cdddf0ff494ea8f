import { expect, test } from 'vitest'
import { took, tookTogether } from './took.ts'

const at = (s: number) => `2026-01-01T00:00:0${s}.000Z`

test('it is counted from the start to the end, whatever the moments are written as', () => {
  expect(took({ startedAt: at(2), endedAt: at(5) })).toBe(3000)
  expect(took({ startedAt: new Date(at(2)), endedAt: new Date(at(5)) })).toBe(3000)
  expect(took({ startedAt: 2000, endedAt: 5000 })).toBe(3000)
})

test('what has not ended goes on until now, and without a now has no length; nor has what never began', () => {
  expect(took({ startedAt: at(2), endedAt: null }, Date.parse(at(4)))).toBe(2000)
  expect(took({ startedAt: at(2), endedAt: null }, Date.parse(at(1)))).toBe(0)
  expect(took({ startedAt: at(2), endedAt: null })).toBeNull()
  expect(took({ startedAt: null, endedAt: at(5) }, Date.parse(at(6)))).toBeNull()
})

test('items are counted together from the first that began to the last that ended', () => {
  const items = [
    { startedAt: at(1), endedAt: at(3) },
    { startedAt: at(2), endedAt: at(7) },
    { startedAt: null, endedAt: at(4) },
  ]
  expect(tookTogether(items)).toBe(6000)
  const open = [...items, { startedAt: at(6), endedAt: null }]
  expect(tookTogether(open)).toBeNull()
  expect(tookTogether(open, Date.parse(at(9)))).toBe(8000)
  expect(tookTogether([{ startedAt: null, endedAt: null }], 0)).toBeNull()
})
