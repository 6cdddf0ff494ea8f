/** Whether a run that waits may start, by its DAG's strategy (the table of engine.md). Pure. */
import { assertNever } from '../errors/errors.ts'
import type { RunStrategy } from './states.ts'

export interface Waiting {
  strategy: RunStrategy
  /** `max_active_runs`, for `parallel`. */
  max: number
  /** Asked for by hand: starts whatever the strategy says. */
  forced: boolean
}

export interface Others {
  /** Running runs of the DAG. */
  active: number
  /** Whether a run waits that was made before, or after, this one. */
  older: boolean
  newer: boolean
  /** Whether the run that ended last failed, and was neither recovered nor marked. */
  failedBefore: boolean
  /** Whether this one recovers that run. */
  recovers: boolean
}

/** `push_out`: it waits, and the active ones are asked to end. */
export type Admission = 'admit' | 'wait' | 'cancel' | 'push_out'

export function judgeAdmission({ strategy, max, forced }: Waiting, others: Others): Admission {
  const { active, older, newer, failedBefore, recovers } = others
  if (forced) return 'admit'
  switch (strategy) {
    case 'parallel':
      return active < max ? 'admit' : 'wait'
    case 'sequential':
      return active === 0 && !older ? 'admit' : 'wait'
    case 'strict_sequential':
      // What recovers the failure goes before all that wait behind it.
      return active === 0 && (recovers || (!older && !failedBefore)) ? 'admit' : 'wait'
    case 'first_only':
      return active === 0 && !older ? 'admit' : 'cancel'
    case 'last_only':
      if (newer) return 'cancel'
      return active === 0 ? 'admit' : 'push_out'
    case 'serial_latest_only':
      if (newer) return 'cancel'
      return active === 0 ? 'admit' : 'wait'
    default:
      return assertNever(strategy)
  }
}
