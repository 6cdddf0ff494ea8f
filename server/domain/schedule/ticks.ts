/** When a schedule is due, and what for. Pure: the moment comes in as an argument. */
import type { Schedule } from '../dag/spec.ts'
import { cronPattern, everyPattern, lastMatch, type Pattern } from './pattern.ts'
import { readMoment } from './zone.ts'

/** When a run is made, and what it is about. With point semantics the interval has no length. */
export interface Tick {
  at: Date
  logicalDate: Date
  intervalStart: Date
  intervalEnd: Date
}

/** What of a schedule says when: the rest only says what a run is given. */
export type Timing = Pick<Schedule, 'cron' | 'every' | 'timezone' | 'semantics' | 'start_date' | 'end_date'>

interface Read {
  pattern: Pattern
  /** First and last logical date, ms. */
  first: number
  last: number
}

function read(timing: Timing): Read {
  const moment = (text: string | null) => (text === null ? null : readMoment(text, timing.timezone))
  const first = moment(timing.start_date)?.first ?? null
  return {
    pattern:
      timing.cron === null
        ? everyPattern(timing.every ?? 1000, first ?? 0)
        : cronPattern(timing.cron, timing.timezone),
    first: first ?? -Infinity,
    last: moment(timing.end_date)?.last ?? Infinity,
  }
}

/** Ticks after an instant, in order, without an end unless the schedule has one. */
export function* ticksAfter(timing: Timing, after: Date): Generator<Tick> {
  const { pattern, first, last } = read(timing)
  const interval = timing.semantics === 'interval'
  let from = after.getTime()
  if (first > -Infinity) {
    // The interval that begins at the first match is the first one, so its start itself is no tick.
    const begins = interval ? pattern(first - 1) : first - 1
    if (begins === null) return
    from = Math.max(from, begins)
  }
  let previous: number | null = null
  for (let at = pattern(from); at !== null; at = pattern(at)) {
    const start = interval ? (previous ?? lastMatch(pattern, -Infinity, at - 1)) : at
    previous = at
    if (start === null) continue
    if (start > last) return
    yield {
      at: new Date(at),
      logicalDate: new Date(start),
      intervalStart: new Date(start),
      intervalEnd: new Date(at),
    }
  }
}

/** The first tick after an instant; null when there is none any more. */
export const nextTick = (timing: Timing, after: Date): Tick | null => nextTicks(timing, after, 1)[0] ?? null

/** The first ticks after an instant, `count` at most. */
export function nextTicks(timing: Timing, after: Date, count: number): Tick[] {
  const out: Tick[] = []
  if (count <= 0) return out
  for (const tick of ticksAfter(timing, after)) {
    out.push(tick)
    if (out.length >= count) break
  }
  return out
}

/** Ticks in (after, until], oldest first, `count` at most. */
export function ticksBetween(timing: Timing, after: Date, until: Date, count: number): Tick[] {
  const out: Tick[] = []
  if (count <= 0) return out
  for (const tick of ticksAfter(timing, after)) {
    if (tick.at > until) break
    out.push(tick)
    if (out.length >= count) break
  }
  return out
}

/** The newest tick in (after, until]; null if none is there. It looks from the end: what was missed may be much. */
export function newestTick(timing: Timing, after: Date, until: Date): Tick | null {
  const low = after.getTime()
  const tickOf = (at: number) => nextTick(timing, new Date(at))?.at.getTime() ?? null
  const at = lastMatch(tickOf, low, until.getTime())
  return at === null ? null : nextTick(timing, new Date(at - 1))
}

/**
 * Ticks whose logical date is in [from, until] and that are due by `now`: what a backfill fills. Where the schedule itself
 * begins and ends does not matter to it.
 */
export function* ticksOfDates(timing: Timing, from: Date, until: Date, now: Date): Generator<Tick> {
  const anchored = timing.cron === null && timing.start_date !== null
  const open: Timing = { ...timing, end_date: null, ...(anchored ? {} : { start_date: null }) }
  for (const tick of ticksAfter(open, new Date(from.getTime() - 1))) {
    if (tick.at > now || tick.logicalDate > until) return
    if (tick.logicalDate >= from) yield tick
  }
}
