import { expect, test } from 'vitest'
import type { Seen } from '#server/domain/pod/attempt-facts.ts'
import { goesOn } from '#server/domain/pod/verdict.ts'
import type { PodObject } from './cluster-client.ts'
import { QuietPods, toldOf } from './quiet-pods.ts'

const seen = (isFresh: boolean): Seen => ({ kind: 'pod', pod: {}, events: [], isFresh })
const pending = goesOn('pending', 'not_started', null)

test('events of one that waits are asked for after a while, and again', () => {
  let now = 0
  const quiet = new QuietPods(() => now)
  const own = { asksAt: null as number | null }
  expect([quiet.isDue(own), quiet.look(own, pending, seen(false))]).toEqual([false, 15_000])
  now = 14_999
  expect([quiet.isDue(own), quiet.look(own, pending, seen(false))]).toEqual([false, 500])
  now = 15_000
  expect([quiet.isDue(own), quiet.look(own, pending, seen(true))]).toEqual([true, 15_000])
  expect(quiet.isDue(own)).toBe(false)
})

test('of one that runs, or is gone, nobody asks', () => {
  const quiet = new QuietPods(() => 0)
  const own = { asksAt: 0 as number | null }
  expect(quiet.look(own, goesOn('running', 'started', null), seen(false))).toBeNull()
  expect(own.asksAt).toBeNull()
  own.asksAt = 0
  expect(quiet.look(own, pending, { kind: 'absent', events: [], isFresh: true })).toBeNull()
  expect(own.asksAt).toBeNull()
})

test('many do not ask at once', () => {
  let now = 20_000
  const quiet = new QuietPods(() => now)
  const many = Array.from({ length: 5 }, () => ({ asksAt: 0 }))
  const due = () => many.filter((own) => quiet.isDue(own)).length
  expect([due(), due()]).toEqual([1, 0])
  now += 500
  expect(due()).toBe(1)
})

test('what was told stays as long as the same pod waits', () => {
  const pod = (uid: string, phase: string) =>
    ({ metadata: { uid }, status: { phase } }) as unknown as PodObject
  const own = { seen: { pod: pod('a', 'Pending'), events: ['told'] } }
  expect(toldOf(own, pod('a', 'Pending'))).toEqual(['told'])
  expect(toldOf(own, pod('a', 'Running'))).toEqual([])
  expect(toldOf(own, pod('b', 'Pending'))).toEqual([])
  expect(toldOf({ seen: null }, pod('a', 'Pending'))).toEqual([])
})
