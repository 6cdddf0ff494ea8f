/** Which tick a run of a schedule is about, and which comes after it. Pure. */
import { keyedSchedules } from './entries.ts'
import { nextTick } from './ticks.ts'

export interface DatedRun {
  trigger: string
  /** The key of its schedule. */
  schedule: string | null
  logicalDate: Date | null
  /** The moment of its tick. */
  intervalEnd: Date | null
}

const ofSchedule = ['schedule', 'backfill']

/**
 * When the schedule that made a run is due again after the run's own tick. null: never, or people or programs made the
 * run.
 * @param schedules of the run's version
 */
export function tickAfterRun(schedules: readonly unknown[], run: DatedRun): Date | null {
  const { trigger, schedule, logicalDate, intervalEnd } = run
  const at = intervalEnd ?? logicalDate
  if (!ofSchedule.includes(trigger) || schedule === null || at === null) return null
  const entry = keyedSchedules(schedules).get(schedule)
  return entry === undefined ? null : (nextTick(entry, at)?.at ?? null)
}
