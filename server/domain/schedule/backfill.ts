/** What a backfill does with each date of its range. */
import { assertNever } from '../errors/errors.ts'
import { isTerminalRun, type RunState } from '../run/states.ts'

export const backfillStates = ['running', 'paused', 'cancelled', 'finished'] as const
export type BackfillState = (typeof backfillStates)[number]

/** Dates that have a run already: leave them, run those that did not succeed, or run all whose run has ended. */
export const reprocessings = ['none', 'failed', 'completed'] as const
export type Reprocess = (typeof reprocessings)[number]

export const backfillOrders = ['oldest', 'newest'] as const
export type BackfillOrder = (typeof backfillOrders)[number]

export const tickPlans = ['run', 'has_run', 'has_success', 'under_way', 'cancelled'] as const
export type TickPlan = (typeof tickPlans)[number]

/** What happens to a date whose newest run is in this state; null: it has none. A run under way is never doubled. */
export function planTick(reprocess: Reprocess, newest: RunState | null): TickPlan {
  if (newest === null) return 'run'
  if (!isTerminalRun(newest)) return 'under_way'
  switch (reprocess) {
    case 'none':
      return 'has_run'
    case 'failed':
      return newest === 'succeeded' ? 'has_success' : 'run'
    case 'completed':
      return 'run'
    default:
      return assertNever(reprocess)
  }
}
