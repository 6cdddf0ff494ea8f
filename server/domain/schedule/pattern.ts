/**
 * The instants at which a cron line or a period matches. Croner reads the line and finds the times of the clock on the
 * wall; which instants those are is decided here, since croner gives different answers to `30 1 * * *` and
 * `0,30 1 * * *` when the clocks skip 01:00. `docs/schedules.md` has the rules as a table.
 */
import { Cron } from 'croner'
import { stretchAt } from './zone.ts'

/** Gives the first match after an instant; null when there is none any more. ms since 1970. */
export type Pattern = (after: number) => number | null

/** ms by which two offsets of one zone can differ, and more. */
const far = 36 * 3_600_000

/** An offset of 0, not the zone UTC: croner is five times as fast with it. */
const readCron = (cron: string) => new Cron(cron, { utcOffset: 0, paused: true, mode: '5-part' })

/** @returns what is wrong with a cron line, or null */
export function cronFault(cron: string): string | null {
  try {
    return readCron(cron).nextRun(new Date(0)) === null ? 'there is no such day' : null
  } catch (error) {
    return (error as Error).message.replace(/^CronPattern: /, '').replace(/\.$/, '')
  }
}

/**
 * What a line does when the clocks change. One with `*` as its hour goes by time as it passes. Any other catches up, once,
 * what the clocks skip; of what they show twice it takes the first, unless its minute begins with `*`.
 */
export function atClockChanges(cron: string): { catchesUp: boolean; repeats: boolean } {
  const [minute = '', hour = ''] = cron.trim().split(/\s+/)
  const hourly = minute === '@hourly' || hour === '*' || hour === '*/1'
  return { catchesUp: !hourly, repeats: hourly || minute.startsWith('*') }
}

/** Matches of a cron line in a zone. @throws when it cannot be read: ask `cronFault` before */
export function cronPattern(cron: string, zone: string): Pattern {
  // Times of the clock on the wall, written as if they were UTC.
  const wall = readCron(cron)
  const nextWall = (after: number) => wall.nextRun(new Date(after))?.getTime() ?? null
  const { catchesUp, repeats } = atClockChanges(cron)
  return (after) => {
    let from = after
    for (let crossed = false; ; crossed = true) {
      const { start, end, offset, before } = stretchAt(zone, from + 1)
      if (catchesUp && offset > before && from < start) {
        const skipped = nextWall(start + before - 1)
        if (skipped !== null && skipped < start + offset) return start
      }
      const shownBefore = !repeats && offset < before ? start + before - 1 : -Infinity
      const found = nextWall(Math.max(from + offset, shownBefore))
      if (found === null) return null
      if (found - offset < end) return found - offset
      // The next stretch may show again what this one showed; what lies between that and `found` does not match.
      from = crossed ? Math.max(end - 1, found - offset - far) : end - 1
    }
  }
}

/** Every `every` ms, counted from `anchor`. */
export const everyPattern =
  (every: number, anchor: number): Pattern =>
  (after) =>
    after < anchor ? anchor : anchor + (Math.floor((after - anchor) / every) + 1) * every

/** ms that a look back begins with, and the longest: a leap day may be eight years away. */
const [shortest, longest] = [60_000, 41 * 365 * 86_400_000]

/** The last match at or before an instant and after `low`; null if there is none. */
export function lastMatch(pattern: Pattern, low: number, until: number): number | null {
  for (let width = shortest; ; width *= 2) {
    const from = Math.max(low, until - width)
    let last: number | null = null
    for (let at = pattern(from); at !== null && at <= until; at = pattern(at)) last = at
    if (last !== null || from === low || width > longest) return last
  }
}
