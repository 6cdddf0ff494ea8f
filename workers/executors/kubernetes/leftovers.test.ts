import { expect, test } from 'vitest'
import { Leftovers } from './leftovers.ts'

const dying = (uid: string, deletionGracePeriodSeconds?: number) => ({
  uid,
  deletionTimestamp: '2026-01-01T00:00:00Z',
  deletionGracePeriodSeconds,
})

test('a pod is left behind when it is there half a minute after its grace, and one that is not to go is not', () => {
  let now = 0
  const leftovers = new Leftovers(() => now)
  const all = () => [
    leftovers.isLeft(dying('a', 10)),
    leftovers.isLeft(dying('b')),
    leftovers.isLeft({ uid: 'c' }),
  ]
  expect(all()).toEqual([false, false, false])
  now = 30_001
  expect(all()).toEqual([false, true, false])
  now = 40_001
  expect(all()).toEqual([true, true, false])
})

test('each has its own time', () => {
  let now = 0
  const leftovers = new Leftovers(() => now)
  leftovers.isLeft(dying('a'))
  now = 30_000
  expect(leftovers.isLeft(dying('b'))).toBe(false)
  now = 59_000
  expect([leftovers.isLeft(dying('a')), leftovers.isLeft(dying('b'))]).toEqual([true, false])
})
