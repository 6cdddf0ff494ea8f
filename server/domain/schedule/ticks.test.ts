import { expect, test } from 'vitest'
import { newestTick, nextTick, nextTicks, ticksBetween, ticksOfDates, type Timing } from './ticks.ts'

const schedule = (cron: string | null, more: Partial<Timing> = {}): Timing => ({
  cron,
  every: null,
  timezone: 'UTC',
  semantics: 'point',
  start_date: null,
  end_date: null,
  ...more,
})
const at = (text: string) => new Date(text)
const next = (timing: Timing, after: string) => nextTick(timing, at(after))?.at.toISOString().slice(0, 16)
const dates = (ticks: { logicalDate: Date }[]) =>
  ticks.map(({ logicalDate }) => logicalDate.toISOString().slice(0, 16))

test('the next tick is after the moment, in the zone of the schedule', () => {
  const london = { timezone: 'Europe/London' }
  expect(next(schedule('0 6 * * 1-5', london), '2026-11-20T06:00:00Z')).toBe('2026-11-23T06:00')
  expect(next(schedule('0 6 * * *', london), '2026-07-01T00:00:00Z')).toBe('2026-07-01T05:00')
})

test('the newest missed tick is the last one up to this very second', () => {
  const hourly = schedule('0 * * * *')
  const newest = (after: string, now: string) => newestTick(hourly, at(after), at(now))?.at ?? null
  expect(newest('2026-01-01T00:00:00Z', '2026-01-01T05:30:00Z')).toEqual(at('2026-01-01T05:00:00Z'))
  expect(newest('2026-01-01T04:00:00Z', '2026-01-01T05:00:00Z')).toEqual(at('2026-01-01T05:00:00Z'))
  expect(newest('2026-01-01T05:00:00Z', '2026-01-01T05:59:59Z')).toBeNull()
})

test('missed ticks are listed oldest first, as many as are asked for', () => {
  const hourly = schedule('0 * * * *')
  const list = (count: number) =>
    dates(ticksBetween(hourly, at('2026-01-01T00:00:00Z'), at('2026-01-01T04:00:00Z'), count))
  expect(list(2)).toEqual(['2026-01-01T01:00', '2026-01-01T02:00'])
  expect(list(10)).toHaveLength(4)
  expect(list(0)).toEqual([])
})

test('with interval semantics the run of [start, end) is due at its end, and dated by its start', () => {
  const daily = schedule('0 6 * * *', { semantics: 'interval', timezone: 'Europe/London' })
  expect(nextTick(daily, at('2026-03-29T05:00:00Z'))).toEqual({
    at: at('2026-03-30T05:00:00Z'),
    logicalDate: at('2026-03-29T05:00:00Z'),
    intervalStart: at('2026-03-29T05:00:00Z'),
    intervalEnd: at('2026-03-30T05:00:00Z'),
  })
  const point = nextTick(schedule('0 6 * * *'), at('2026-03-29T05:00:00Z'))
  expect([point?.logicalDate, point?.intervalStart, point?.intervalEnd]).toEqual(
    Array.from({ length: 3 }, () => at('2026-03-29T06:00:00Z')),
  )
})

test('the first interval begins at the start date or after it; the last one at the end date or before', () => {
  const bounded = { semantics: 'interval', start_date: '2026-01-02', end_date: '2026-01-04' } as const
  const daily = schedule('0 6 * * *', bounded)
  expect(dates(nextTicks(daily, at('2025-01-01T00:00:00Z'), 9))).toEqual([
    '2026-01-02T06:00',
    '2026-01-03T06:00',
    '2026-01-04T06:00',
  ])
  const point = schedule('0 6 * * *', { ...bounded, semantics: 'point' })
  expect(dates(nextTicks(point, at('2025-01-01T00:00:00Z'), 9))).toEqual([
    '2026-01-02T06:00',
    '2026-01-03T06:00',
    '2026-01-04T06:00',
  ])
})

test('a date alone is its whole day in the zone; a time without an offset is the zone’s', () => {
  const tokyo = { timezone: 'Asia/Tokyo' }
  const day = schedule('0 */12 * * *', { ...tokyo, start_date: '2026-01-02', end_date: '2026-01-02' })
  expect(dates(nextTicks(day, at('2025-01-01T00:00:00Z'), 9))).toEqual([
    '2026-01-01T15:00',
    '2026-01-02T03:00',
  ])
  const noon = schedule('0 12 * * *', { ...tokyo, end_date: '2026-01-02T11:59' })
  expect(dates(nextTicks(noon, at('2026-01-01T00:00:00Z'), 9))).toEqual(['2026-01-01T03:00'])
})

test('a period is counted from the start date, else from 1970; its first interval begins there', () => {
  const ninety = schedule(null, { every: 90 * 60_000, start_date: '2026-01-01T00:10:00Z' })
  expect(next(ninety, '2020-01-01T00:00:00Z')).toBe('2026-01-01T00:10')
  expect(next({ ...ninety, semantics: 'interval' }, '2020-01-01T00:00:00Z')).toBe('2026-01-01T01:40')
  expect(next({ ...ninety, start_date: null }, '2026-01-01T00:00:00Z')).toBe('2026-01-01T01:30')
})

test('a backfill takes the dates from first to last, also before the schedule began, and only what is due', () => {
  const now = at('2026-06-01T00:00:00Z')
  const list = (timing: Timing, from: string, until: string) =>
    dates([...ticksOfDates(timing, at(from), at(until), now)])
  const daily = schedule('0 0 * * *', { start_date: '2026-03-01' })
  expect(list(daily, '2026-01-01T00:00:00Z', '2026-01-03T00:00:00Z')).toEqual([
    '2026-01-01T00:00',
    '2026-01-02T00:00',
    '2026-01-03T00:00',
  ])
  const interval = { ...daily, semantics: 'interval' } as const
  expect(list(interval, '2026-05-30T00:00:00Z', '2026-06-09T00:00:00Z')).toEqual([
    '2026-05-30T00:00',
    '2026-05-31T00:00',
  ])
  expect(list(daily, '2026-05-31T00:00:00Z', '2026-06-09T00:00:00Z')).toHaveLength(2)
})
