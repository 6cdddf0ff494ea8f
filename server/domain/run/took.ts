/** How long runs and task runs took: one definition for pages, REST and the command line. */

/** The definition, in words. */
export const tookMeans =
  'From the start to the end: without the wait in the queue before it, with all attempts and what lies between them.'

/** RFC 3339, or ms from whatever both are counted from. */
type Moment = string | number | Date

export interface Timed<M extends Moment = Moment> {
  /** When its first attempt began; of a run, when it left the queue. */
  startedAt: M | null
  endedAt: M | null
}

const msOf = (moment: Moment): number => (typeof moment === 'string' ? Date.parse(moment) : Number(moment))

/**
 * ms that it took.
 * @param now what has not ended is counted until then, in ms; without it, that has no length
 * @returns null also of what never began
 */
export function took({ startedAt, endedAt }: Timed, now: number | null = null): number | null {
  const end = endedAt === null ? now : msOf(endedAt)
  return startedAt === null || end === null ? null : Math.max(0, end - msOf(startedAt))
}

/** The same of all items of a task: from the first that began to the last that ended. */
export function tookTogether(items: readonly Timed[], now: number | null = null): number | null {
  const starts = items.flatMap((item) => (item.startedAt === null ? [] : [msOf(item.startedAt)]))
  const open = items.some((item) => item.endedAt === null)
  const ends = items.flatMap((item) => (item.endedAt === null ? [] : [msOf(item.endedAt)]))
  if (starts.length === 0 || (open && now === null)) return null
  const last = Math.max(...ends, ...(open && now !== null ? [now] : []))
  return Math.max(0, last - Math.min(...starts))
}
