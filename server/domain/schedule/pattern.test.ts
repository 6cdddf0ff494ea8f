import fc from 'fast-check'
import { expect, test } from 'vitest'
import { changes, walk } from './oracle.ts'
import { cronFault, cronPattern, everyPattern, lastMatch, type Pattern } from './pattern.ts'

const hour = 3_600_000

function matches(pattern: Pattern, from: number, until: number): number[] {
  const out: number[] = []
  for (let at = pattern(from - 1); at !== null && at < until; at = pattern(at)) out.push(at)
  return out
}
const within = (cron: string, zone: string, from: string, until: string) =>
  matches(cronPattern(cron, zone), Date.parse(from), Date.parse(until)).map((at) =>
    new Date(at).toISOString().slice(11, 16),
  )

/** The table of docs/schedules.md. In UTC: Berlin skips 02:00 to 03:00 at 01:00Z, and shows it twice from 00:00Z. */
const spring = ['2026-03-28T23:00Z', '2026-03-29T03:00Z'] as const
const autumn = ['2026-10-24T22:00Z', '2026-10-25T03:00Z'] as const
test.each([
  ['30 2 * * *', spring, ['01:00']],
  ['0,30 2 * * *', spring, ['01:00']],
  ['30 2,3 * * *', spring, ['01:00', '01:30']],
  ['*/30 2 * * *', spring, ['01:00']],
  ['0 */2 * * *', spring, ['23:00', '01:00', '02:00']],
  ['0 * * * *', spring, ['23:00', '00:00', '01:00', '02:00']],
  ['30 * * * *', spring, ['23:30', '00:30', '01:30', '02:30']],
  ['30 2 * * *', autumn, ['00:30']],
  ['0,30 2 * * *', autumn, ['00:00', '00:30']],
  ['*/30 2 * * *', autumn, ['00:00', '00:30', '01:00', '01:30']],
  ['0 */2 * * *', autumn, ['22:00', '00:00']],
  ['0 * * * *', autumn, ['22:00', '23:00', '00:00', '01:00', '02:00']],
  ['0 3 * * *', autumn, ['02:00']],
])('[R9] where clocks change, %s in Berlin %s is due at %s', (cron, [from, until], due) => {
  expect(within(cron, 'Europe/Berlin', from, until)).toEqual(due)
})

test('[R9] a day that a zone leaves out is caught up once, at its end', () => {
  expect(within('0 12 * * *', 'Pacific/Apia', '2011-12-29T00:00Z', '2011-12-31T12:00Z')).toEqual([
    '22:00',
    '10:00',
    '22:00',
  ])
})

test('[R9] around every change of every zone from 2000 to 2040, ticks are those of a walk by the minute (sampled)', () => {
  const zone = fc.constantFrom(...Intl.supportedValuesOf('timeZone'))
  const minute = fc.constantFrom('0', '30', '17', '59', '0,15,30,45', '*/15', '*', '5-50/5')
  const hours = fc.constantFrom('*', '0', '1', '2', '3', '0-3', '1,2', '23', '*/2')
  const days = fc.constantFrom('* * *', '* * 0', '1-7 * *', '* 3,10 0', '25-31 * 6')
  fc.assert(
    fc.property(zone, fc.integer({ min: 2000, max: 2040 }), minute, hours, days, (z, year, m, h, d) => {
      const cron = `${m} ${h} ${d}`
      for (const at of changes(z, year, year)) {
        const [from, until] = [at - 4 * hour, at + 4 * hour]
        expect(matches(cronPattern(cron, z), from, until), `${cron} ${z}`).toEqual(walk(cron, z, from, until))
      }
    }),
    { numRuns: 120 },
  )
})

test('from wherever one asks, the next match is the same, and the last match looks back to it', () => {
  const from = Date.UTC(2026, 2, 27, 21)
  for (const zone of ['Europe/London', 'Australia/Lord_Howe', 'America/Sao_Paulo', 'UTC'])
    for (const cron of ['30 1 * * *', '*/20 * * * *', '0 6 1 * *', '0 0 29 2 *']) {
      const pattern = cronPattern(cron, zone)
      const all = matches(pattern, from, from + 10 * 24 * hour)
      for (const [i, at] of all.entries()) {
        expect(pattern((all[i - 1] ?? at - 1000) + 1)).toBe(at)
        expect(lastMatch(pattern, 0, at + 500)).toBe(at)
        expect(lastMatch(pattern, at, at + 500)).toBeNull()
      }
    }
  expect(new Date(lastMatch(cronPattern('0 0 29 2 *', 'UTC'), 0, from) ?? 0).getUTCFullYear()).toBe(2024)
})

test('a period is counted from its anchor, also before it', () => {
  const pattern = everyPattern(90_000, 1_000_000)
  expect([pattern(0), pattern(999_999), pattern(1_000_000), pattern(1_089_999), pattern(1_090_000)]).toEqual([
    1_000_000, 1_000_000, 1_090_000, 1_090_000, 1_180_000,
  ])
})

test.each([
  ['0 6 * * 1-5', null],
  ['@daily', null],
  ['61 * * * *', 'Invalid value for minute: 61'],
  ['* * * * * *', "mode '5-part' requires exactly 5 parts, but pattern '* * * * * *' has 6 parts"],
  ['0 0 30 2 *', 'there is no such day'],
])('%s as a cron line: %s', (cron, fault) => {
  expect(cronFault(cron)).toBe(fault)
})
