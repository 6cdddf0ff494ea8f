/** How many runs what is due may have made of it now, and what holds the rest back. Pure. */
import type { BackfillState } from './backfill.ts'

/** What holds a tick back: its DAG is paused, or the queue of its version has as many scheduled runs as it may. */
export type TickHold = 'paused' | 'queue'

export interface DueTicks {
  paused: boolean
  catchup: boolean
  /** `max_active_runs` of its version. */
  most: number
  /** Scheduled runs of its version that wait for their start. */
  queued: number
}

/** Runs that may be made at once; `because` is null when it is one at least. */
export interface Room<Hold> {
  room: number
  because: Hold | null
}

/** Of a schedule with ticks to fire. Without `catchup` it has one, the newest. */
export function weighTicks({ paused, catchup, most, queued }: DueTicks): Room<TickHold> {
  if (paused) return { room: 0, because: 'paused' }
  if (!catchup) return { room: 1, because: null }
  const room = Math.max(0, most - queued)
  return { room, because: room === 0 ? 'queue' : null }
}

/** What holds a date of a backfill back; `order`: others that are before it take the room there is. */
export type DateHold = 'over' | 'paused' | 'places' | 'order'

export interface BackfillUse {
  state: BackfillState
  concurrency: number
  /** Its runs that are queued or running. */
  active: number
}

/** Of a backfill, for the date that has so many before it of which no run was made yet. */
export function weighDate({ state, concurrency, active }: BackfillUse, before: number): Room<DateHold> {
  if (state !== 'running') return { room: 0, because: state === 'paused' ? 'paused' : 'over' }
  const room = Math.max(0, concurrency - active)
  if (room === 0) return { room, because: 'places' }
  return { room, because: before >= room ? 'order' : null }
}
