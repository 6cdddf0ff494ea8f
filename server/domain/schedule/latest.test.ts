import { expect, test } from 'vitest'
import { tickAfterRun, type DatedRun } from './latest.ts'

const always = {
  every: null,
  timezone: 'UTC',
  semantics: 'point',
  start_date: null,
  end_date: null,
  catchup: false,
  params: {},
}
const schedules = [
  { ...always, cron: '0 6 * * *' },
  { ...always, cron: '0 0 * * 1', semantics: 'interval', end_date: '2026-01-12' },
]
const run = (more: Partial<DatedRun>): DatedRun => ({
  trigger: 'schedule',
  schedule: '0 6 * * * UTC',
  logicalDate: new Date('2026-01-05T06:00:00Z'),
  intervalEnd: new Date('2026-01-05T06:00:00Z'),
  ...more,
})
const week = (from: string, to: string) => ({
  schedule: '0 0 * * 1 UTC interval',
  logicalDate: new Date(from),
  intervalEnd: new Date(to),
})

test.each<[string, Partial<DatedRun>, string | null]>([
  ['a schedule’s next tick', {}, '2026-01-06T06:00:00.000Z'],
  ['a backfill’s next date', { trigger: 'backfill' }, '2026-01-06T06:00:00.000Z'],
  ['its own schedule’s, not another’s', week('2026-01-05', '2026-01-12'), '2026-01-19T00:00:00.000Z'],
  ['the last tick of a schedule that ends', week('2026-01-12', '2026-01-19'), null],
  ['a run that a person made of an old date', { trigger: 'manual' }, null],
  ['a run that a program made of an old date', { trigger: 'api' }, null],
  ['a schedule that its version does not have', { schedule: '0 7 * * * UTC' }, null],
])('what comes after a run: %s', (_, more, says) => {
  expect(tickAfterRun(schedules, run(more))?.toISOString() ?? null).toBe(says)
})
