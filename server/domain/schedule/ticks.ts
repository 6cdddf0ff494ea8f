/** When a cron is due. Times are instants; the schedule's zone decides what the clock on the wall says. */
import { Cron } from 'croner'
import type { Schedule } from '../dag/spec.ts'

const cronOf = (schedule: Schedule): Cron =>
  new Cron(schedule.cron, {
    timezone: schedule.timezone,
    paused: true,
    ...(schedule.start_date === null ? {} : { startAt: schedule.start_date }),
    ...(schedule.end_date === null ? {} : { stopAt: schedule.end_date }),
  })

/** The first tick after `after`; null if there is none any more. */
export const nextTick = (schedule: Schedule, after: Date): Date | null => cronOf(schedule).nextRun(after)

/** The newest tick in (after, now]; null if none was missed. Older ones are not caught up. */
export function newestDue(schedule: Schedule, after: Date, now: Date): Date | null {
  // The reference is exclusive, and ticks are whole seconds: one at `now` counts.
  const [last] = cronOf(schedule).previousRuns(1, new Date(now.getTime() + 1000))
  if (last === undefined || last > now) {
    const [before] = cronOf(schedule).previousRuns(1, now)
    return before !== undefined && before > after ? before : null
  }
  return last > after ? last : null
}
