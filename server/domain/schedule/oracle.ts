/**
 * For tests: when a cron line is due, found by walking the minutes of a zone's clock one by one. Slow, and it shares
 * nothing with what it checks: neither the way to an offset, nor croner, nor the idea of stretches.
 */

const minute = 60_000
const clocks = new Map<string, Intl.DateTimeFormat>()

/** What the clock on the wall shows at an instant, as if it were UTC. */
export function wallAt(zone: string, instant: number): number {
  let clock = clocks.get(zone)
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('sv-SE', { timeZone: zone, dateStyle: 'short', timeStyle: 'medium' })
    clocks.set(zone, clock)
  }
  return Date.parse(`${clock.format(instant).replace(' ', 'T')}Z`)
}

/** Instants, to the minute, at which the zone's clocks are changed in these years. */
export function changes(zone: string, fromYear: number, toYear: number): number[] {
  const day = 1440 * minute
  const ahead = (instant: number) => wallAt(zone, instant) - instant
  const out: number[] = []
  for (let at = Date.UTC(fromYear, 0); at < Date.UTC(toYear + 1, 0); at += day) {
    if (ahead(at) === ahead(at + day)) continue
    let [low, high] = [at, at + day]
    while (high - low > minute) {
      const middle = Math.floor((low + high) / 2 / minute) * minute
      if (ahead(middle) === ahead(low)) low = middle
      else high = middle
    }
    out.push(high)
  }
  return out
}

function setOf(field: string, low: number, high: number): Set<number> {
  const out = new Set<number>()
  for (const part of field.split(',')) {
    const [range = '', step = '1'] = part.split('/')
    const [from, to] = range === '*' ? [low, high] : range.split('-').map(Number)
    for (let n = from ?? low; n <= (to ?? from ?? high); n += Number(step)) out.add(n)
  }
  return out
}

/** `*`, numbers, ranges, steps and lists: what the tests write. Days by either field when both are given. */
function matcher(cron: string): (wall: number) => boolean {
  const [minutes = '', hours = '', days = '', months = '', weekdays = ''] = cron.split(' ')
  const sets = {
    minutes: setOf(minutes, 0, 59),
    hours: setOf(hours, 0, 23),
    days: setOf(days, 1, 31),
    months: setOf(months, 1, 12),
    weekdays: setOf(weekdays, 0, 6),
  }
  return (wall) => {
    const date = new Date(wall)
    const [day, weekday] = [sets.days.has(date.getUTCDate()), sets.weekdays.has(date.getUTCDay())]
    return (
      sets.minutes.has(date.getUTCMinutes()) &&
      sets.hours.has(date.getUTCHours()) &&
      sets.months.has(date.getUTCMonth() + 1) &&
      (days !== '*' && weekdays !== '*' ? day || weekday : day && weekday)
    )
  }
}

/** The ticks in [from, until), by the table in docs/schedules.md. */
export function walk(cron: string, zone: string, from: number, until: number): number[] {
  const [minutes = '', hours = ''] = cron.split(' ')
  const hourly = hours === '*'
  const matches = matcher(cron)
  const shown = new Set<number>()
  const out: number[] = []
  // A clock is put back by a few hours at most: what it showed before counts as shown.
  let previous = wallAt(zone, from - 300 * minute) - minute
  for (let at = from - 300 * minute; at < until; at += minute) {
    const wall = wallAt(zone, at)
    let due = matches(wall) && (hourly || minutes.startsWith('*') || !shown.has(wall))
    for (let skipped = previous + minute; skipped < wall; skipped += minute)
      due ||= !hourly && matches(skipped)
    shown.add(wall)
    previous = wall
    if (due && at >= from) out.push(at)
  }
  return out
}
