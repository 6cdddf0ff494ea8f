/** How the schedules of a DAG go on when another version takes over: no tick is lost, and none fires twice. */
import { scheduleSchema, type Schedule } from '../dag/spec.ts'
import { nextTick } from './ticks.ts'
import { readMoment } from './zone.ts'

/** `0 6 * * 1-5 Europe/London`: what says when, in the words of the notebook. */
export function scheduleKey(schedule: Schedule): string {
  const { cron, every, timezone, semantics, start_date: start } = schedule
  return [
    cron ?? `every ${(every ?? 0) / 1000}s`,
    cron === null && timezone === 'UTC' ? '' : timezone,
    semantics === 'point' ? '' : 'interval',
    start === null ? '' : `from ${start}`,
  ]
    .filter((part) => part !== '')
    .join(' ')
}

/** Each schedule with its key; a second one with the same times has `#2` behind it. */
export function keyedSchedules(schedules: readonly unknown[]): Map<string, Schedule> {
  const out = new Map<string, Schedule>()
  for (const written of schedules) {
    const schedule = scheduleSchema.parse(written)
    const key = scheduleKey(schedule)
    let unique = key
    for (let n = 2; out.has(unique); n++) unique = `${key} #${n}`
    out.set(unique, schedule)
  }
  return out
}

/** A schedule that holds: ticks after `cursor` are still to come. */
export interface LiveSchedule {
  id: string
  key: string
  cursor: Date
}

export interface Takeover {
  /** Go on where they stand, with what the new version says of params and catching up. */
  kept: { id: string; entry: Schedule; nextTick: Date | null }[]
  /** End now: what was due before still fires, as their version has it. */
  ended: string[]
  /** Begin now; the first ones a DAG has, and that catch up, at their start date. */
  added: { key: string; entry: Schedule; cursor: Date; nextTick: Date | null }[]
}

const after = (entry: Schedule, cursor: Date): Date | null => nextTick(entry, cursor)?.at ?? null

/** @param first whether the DAG never had a schedule before */
export function takeOver(
  live: readonly LiveSchedule[],
  wanted: ReadonlyMap<string, Schedule>,
  now: Date,
  first: boolean,
): Takeover {
  const out: Takeover = { kept: [], ended: [], added: [] }
  for (const { id, key, cursor } of live) {
    const entry = wanted.get(key)
    if (entry === undefined) out.ended.push(id)
    else out.kept.push({ id, entry, nextTick: after(entry, cursor) })
  }
  for (const [key, entry] of wanted) {
    if (live.some((one) => one.key === key)) continue
    const start = entry.start_date === null ? null : readMoment(entry.start_date, entry.timezone)
    const cursor =
      first && entry.catchup && start !== null && start.first < now.getTime()
        ? new Date(start.first - 1)
        : now
    out.added.push({ key, entry, cursor, nextTick: after(entry, cursor) })
  }
  return out
}
