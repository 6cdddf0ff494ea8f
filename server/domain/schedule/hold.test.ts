import { expect, test } from 'vitest'
import { weighDate, weighTicks, type DateHold, type TickHold } from './hold.ts'

test.each<[boolean, boolean, number, number, TickHold | null]>([
  [true, true, 0, 0, 'paused'],
  [true, false, 0, 0, 'paused'],
  [false, false, 9, 1, null],
  [false, true, 0, 3, null],
  [false, true, 2, 1, null],
  [false, true, 3, 0, 'queue'],
  [false, true, 5, 0, 'queue'],
])(
  'paused %j, catchup %j, %i of 3 queued: room for %i, held by %j',
  (paused, catchup, queued, room, because) => {
    expect(weighTicks({ paused, catchup, most: 3, queued })).toEqual({ room, because })
  },
)

test.each<['running' | 'paused' | 'cancelled' | 'finished', number, number, number, DateHold | null]>([
  ['running', 0, 1, 2, null],
  ['running', 1, 0, 1, null],
  ['running', 1, 1, 1, 'order'],
  ['running', 2, 0, 0, 'places'],
  ['running', 3, 5, 0, 'places'],
  ['paused', 0, 0, 0, 'paused'],
  ['cancelled', 0, 0, 0, 'over'],
  ['finished', 0, 0, 0, 'over'],
])('a %s backfill with %i of 2 runs, %i dates before: room for %i, held by %j', (...given) => {
  const [state, active, before, room, because] = given
  expect(weighDate({ state, concurrency: 2, active }, before)).toEqual({ room, because })
})
