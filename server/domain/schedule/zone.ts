/** Time zones as stretches of time in which the clock's offset does not change. Times are ms since 1970, UTC. */

const day = 86_400_000
const formatters = new Map<string, Intl.DateTimeFormat>()

export function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}

/** ms that the zone's clocks are ahead of UTC at an instant. */
export function offsetAt(zone: string, instant: number): number {
  let formatter = formatters.get(zone)
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'longOffset' })
    formatters.set(zone, formatter)
  }
  const said = formatter.format(instant)
  const [, sign, hours, minutes, seconds] = /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(said) ?? []
  if (sign === undefined) return 0
  const ms = (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds ?? 0)) * 1000
  return sign === '-' ? -ms : ms
}

/** A stretch [start, end) with one offset; `before` is that of the instant before its start. */
export interface Stretch {
  start: number
  end: number
  offset: number
  before: number
}

/** The first instant after `low` with the offset of `high`, to the second. */
function changeBetween(zone: string, low: number, high: number): number {
  const after = offsetAt(zone, high)
  let [a, b] = [Math.floor(low / 1000), Math.floor(high / 1000)]
  while (b - a > 1) {
    const middle = Math.floor((a + b) / 2)
    if (offsetAt(zone, middle * 1000) === after) b = middle
    else a = middle
  }
  return b * 1000
}

function readYear(zone: string, year: number): Stretch[] {
  const [from, until] = [Date.UTC(year, 0), Date.UTC(year + 1, 0)]
  const stretches: Stretch[] = []
  let [start, offset, before] = [from, offsetAt(zone, from), offsetAt(zone, from - 1000)]
  for (let at = from; at < until; at += day) {
    const next = Math.min(at + day, until - 1000)
    const there = offsetAt(zone, next)
    if (there === offset) continue
    const change = changeBetween(zone, at, next)
    stretches.push({ start, end: change, offset, before })
    ;[start, before, offset] = [change, offset, there]
  }
  return [...stretches, { start, end: until, offset, before }]
}

/** Years that are kept: a few for each zone in use. */
const kept = 4000
const years = new Map<string, Stretch[]>()

/** The stretch that holds an instant; a year's end ends it too, with no change of the offset. */
export function stretchAt(zone: string, instant: number): Stretch {
  const year = new Date(instant).getUTCFullYear()
  const key = `${zone} ${year}`
  let found = years.get(key)
  if (found === undefined) {
    found = readYear(zone, year)
    if (years.size >= kept) years.clear()
    years.set(key, found)
  }
  const stretch = found.find(({ end }) => instant < end)
  if (stretch === undefined) throw new Error(`${zone} has no offset at ${instant}`)
  return stretch
}

const written = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?)(Z|[+-]\d\d:?\d\d)?)?$/

/** The instant at which the zone's clocks first show this; the first one after it where they never do. */
function instantOf(zone: string, local: number): number {
  const guesses = [offsetAt(zone, local - day), offsetAt(zone, local + day)].map((offset) => local - offset)
  const shows = guesses.filter((instant) => instant + offsetAt(zone, instant) === local)
  if (shows.length > 0) return Math.min(...shows)
  return stretchAt(zone, Math.max(...guesses)).start
}

/**
 * A written date or time as the first and the last instant it means: a date alone is its whole day in the zone, a time
 * without an offset is the zone's. null when it is neither.
 */
export function readMoment(text: string, zone: string): { first: number; last: number } | null {
  const [, date, time, offset] = written.exec(text.trim()) ?? []
  if (date === undefined) return null
  const local = Date.parse(`${date}T${time ?? '00:00'}Z`)
  // `Date.parse` rolls 2026-02-30 over into March.
  if (Number.isNaN(local) || new Date(local).toISOString().slice(0, 10) !== date) return null
  if (offset !== undefined) {
    const instant = Date.parse(`${date}T${time}${offset}`)
    return Number.isNaN(instant) ? null : { first: instant, last: instant }
  }
  const first = instantOf(zone, local)
  return { first, last: time === undefined ? instantOf(zone, local + day) - 1 : first }
}
