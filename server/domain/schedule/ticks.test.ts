import { expect, test } from 'vitest'
import { newestDue, nextTick } from './ticks.ts'

const schedule = (cron: string, timezone = 'UTC') => ({
  cron,
  timezone,
  start_date: null,
  end_date: null,
  params: {},
})
const at = (text: string) => new Date(text)

test('the next tick is after the moment, in the zone of the schedule', () => {
  expect(nextTick(schedule('0 6 * * 1-5', 'Europe/London'), at('2026-11-20T06:00:00Z'))).toEqual(
    at('2026-11-23T06:00:00Z'),
  )
  expect(nextTick(schedule('0 6 * * *', 'Europe/London'), at('2026-07-01T00:00:00Z'))).toEqual(
    at('2026-07-01T05:00:00Z'),
  )
})

test('only the newest missed tick is due, and a tick at this very second is', () => {
  const hourly = schedule('0 * * * *')
  expect(newestDue(hourly, at('2026-01-01T00:00:00Z'), at('2026-01-01T05:30:00Z'))).toEqual(
    at('2026-01-01T05:00:00Z'),
  )
  expect(newestDue(hourly, at('2026-01-01T04:00:00Z'), at('2026-01-01T05:00:00Z'))).toEqual(
    at('2026-01-01T05:00:00Z'),
  )
  expect(newestDue(hourly, at('2026-01-01T05:00:00Z'), at('2026-01-01T05:59:59Z'))).toBeNull()
})

test('an end date ends it', () => {
  const ended = { ...schedule('0 * * * *'), end_date: '2026-01-01T02:00:00Z' }
  expect(nextTick(ended, at('2026-01-01T03:00:00Z'))).toBeNull()
})
