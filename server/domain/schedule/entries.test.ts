import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scheduleSchema, type Schedule } from '../dag/spec.ts'
import { keyedSchedules, scheduleKey, takeOver } from './entries.ts'
import { nextTick } from './ticks.ts'

const cron = (line: string, more: Partial<Schedule> = {}): Schedule =>
  scheduleSchema.parse({ cron: line, timezone: 'UTC', start_date: null, end_date: null, params: {}, ...more })
const at = (text: string) => new Date(text)
const now = at('2026-06-01T12:30:00Z')

test('a schedule is the same one while its times are: params, its end and catching up may change', () => {
  const same = scheduleKey(cron('0 6 * * *'))
  expect(same).toBe('0 6 * * * UTC')
  expect(scheduleKey(cron('0 6 * * *', { catchup: true, end_date: '2027-01-01', params: { n: 1 } }))).toBe(
    same,
  )
  const others = [
    cron('0 7 * * *'),
    cron('0 6 * * *', { timezone: 'Asia/Tokyo' }),
    cron('0 6 * * *', { semantics: 'interval' }),
    cron('0 6 * * *', { start_date: '2026-01-01' }),
    cron('0 6 * * *', { cron: null, every: 90_000 }),
  ]
  expect(new Set([same, ...others.map(scheduleKey)]).size).toBe(6)
})

test('two schedules with the same times are two, each with ticks of its own', () => {
  const twice = keyedSchedules([
    cron('0 6 * * *', { params: { r: 'eu' } }),
    cron('0 6 * * *', { params: { r: 'us' } }),
  ])
  expect([...twice].map(([key, { params }]) => [key, params['r']])).toEqual([
    ['0 6 * * * UTC', 'eu'],
    ['0 6 * * * UTC #2', 'us'],
  ])
})

test('the first schedule of a DAG catches up from its start date; one that a change brings begins with it', () => {
  const wanted = keyedSchedules([cron('0 * * * *', { catchup: true, start_date: '2026-06-01T09:00' })])
  const added = (first: boolean) => takeOver([], wanted, now, first).added[0]
  expect(added(true)?.nextTick).toEqual(at('2026-06-01T09:00:00Z'))
  expect(added(false)?.nextTick).toEqual(at('2026-06-01T13:00:00Z'))
  const newest = keyedSchedules([cron('0 * * * *', { start_date: '2026-06-01T09:00' })])
  expect(takeOver([], newest, now, true).added[0]?.cursor).toEqual(now)
})

test('[R9] whatever changes when, every tick that was due is due once', () => {
  const lines = fc.constantFrom('0 * * * *', '30 * * * *', '0 */2 * * *', '15 1-8 * * *')
  const change = fc.record({ minute: fc.integer({ min: 0, max: 600 }), lines: fc.uniqueArray(lines) })
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 5 }), (changes) => {
      const begin = at('2026-06-01T00:00:00Z').getTime()
      const minute = (n: number) => new Date(begin + n * 60_000)
      const sorted = changes.toSorted((a, b) => a.minute - b.minute)
      let live: { id: string; key: string; cursor: Date; entry: Schedule; until: Date | null }[] = []
      for (const [i, one] of sorted.entries()) {
        const moment = minute(one.minute)
        const open = live.filter((row) => row.until === null)
        const { ended, added } = takeOver(
          open,
          keyedSchedules(one.lines.map((line) => cron(line))),
          moment,
          i === 0,
        )
        live = live.map((row) => (ended.includes(row.id) ? { ...row, until: moment } : row))
        live.push(...added.map((row) => ({ ...row, id: `${i} ${row.key}`, until: null })))
      }
      const fired = live.flatMap(({ key, entry, cursor, until }) => {
        const out: string[] = []
        const last = until ?? minute(700)
        for (
          let tick = nextTick(entry, cursor);
          tick !== null && tick.at <= last;
          tick = nextTick(entry, tick.at)
        )
          out.push(`${key} ${tick.at.toISOString()}`)
        return out
      })
      // Minute by minute: due is what the schedules of that minute say; a change counts from the minute after it.
      const due: string[] = []
      for (let n = 0; n <= 700; n++) {
        const holds = sorted.findLast((one) => one.minute < n)
        for (const line of holds?.lines ?? [])
          if (nextTick(cron(line), minute(n - 1))?.at.getTime() === minute(n).getTime())
            due.push(`${scheduleKey(cron(line))} ${minute(n).toISOString()}`)
      }
      expect(fired.sort()).toEqual(due.sort())
    }),
    { numRuns: 20 },
  )
}, 120_000)
