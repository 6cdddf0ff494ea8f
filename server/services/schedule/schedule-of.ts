import type { Schedule, Spec } from '../../domain/dag/spec.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { keyedSchedules } from '../../domain/schedule/entries.ts'

/**
 * One of a version's schedules, with its key; 1 is the first.
 * @param version its number
 * @throws DagbokError `bad_input`
 */
export function scheduleOf(spec: Spec, version: number, schedule: number): { key: string; entry: Schedule } {
  const [key, entry] = [...keyedSchedules(spec.schedule)][schedule - 1] ?? []
  if (key !== undefined && entry !== undefined) return { key, entry }
  throw new DagbokError(
    'bad_input',
    `v${version} of ${spec.id} has ${spec.schedule.length} schedules, so none with the number ${schedule}: a backfill fills the dates of a schedule.`,
  )
}
