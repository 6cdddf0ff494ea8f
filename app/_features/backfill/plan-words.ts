import type { BackfillDate } from '#server/views/backfill.ts'

/** What happens to a date, in the words of the dry run. */
export const planWords: Record<BackfillDate['plan'], string> = {
  run: 'runs',
  has_run: 'has a run',
  has_success: 'has succeeded',
  under_way: 'is under way',
  cancelled: 'given up',
}

/** `2026-01-31 06:00` of an instant in a zone. */
export const inZone = (instant: string, timezone: string): string =>
  new Intl.DateTimeFormat('sv-SE', { timeZone: timezone, dateStyle: 'short', timeStyle: 'short' }).format(
    new Date(instant),
  )
