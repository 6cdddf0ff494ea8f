import { expect, test } from 'vitest'
import { isZone, readMoment, stretchAt } from './zone.ts'

const iso = (text: string, zone: string) => {
  const moment = readMoment(text, zone)
  return moment === null
    ? null
    : [new Date(moment.first).toISOString(), new Date(moment.last).toISOString().slice(0, 19)]
}

test.each([
  ['2026-01-31', 'Europe/Berlin', ['2026-01-30T23:00:00.000Z', '2026-01-31T22:59:59']],
  ['2026-03-29', 'Europe/Berlin', ['2026-03-28T23:00:00.000Z', '2026-03-29T21:59:59']],
  ['2026-01-31T06:00', 'Europe/Berlin', ['2026-01-31T05:00:00.000Z', '2026-01-31T05:00:00']],
  ['2026-01-31T06:00:00+02:00', 'Europe/Berlin', ['2026-01-31T04:00:00.000Z', '2026-01-31T04:00:00']],
  // Skipped: the first moment after it. Shown twice: the first time.
  ['2026-03-29T02:30', 'Europe/Berlin', ['2026-03-29T01:00:00.000Z', '2026-03-29T01:00:00']],
  ['2026-10-25T02:30', 'Europe/Berlin', ['2026-10-25T00:30:00.000Z', '2026-10-25T00:30:00']],
  ['2026-02-30', 'UTC', null],
  ['soon', 'UTC', null],
])('%s in %s is %s', (text, zone, expected) => {
  expect(iso(text, zone)).toEqual(expected)
})

test('a stretch knows where the clock changes, and by how much', () => {
  const { start, end, offset, before } = stretchAt('Australia/Lord_Howe', Date.UTC(2026, 5, 1))
  expect([new Date(start).toISOString(), new Date(end).toISOString()]).toEqual([
    '2026-04-04T15:00:00.000Z',
    '2026-10-03T15:30:00.000Z',
  ])
  expect([offset / 60_000, before / 60_000]).toEqual([630, 660])
  expect([isZone('Europe/London'), isZone('Mars/Olympus')]).toEqual([true, false])
})
