/** Whether a run that waits may start, by its DAG's strategy (the table of engine.md). Pure. */
import { assertNever } from '../errors/errors.ts'
import type { RunStrategy } from './states.ts'

export interface Waiting {
  strategy: RunStrategy
  /** `max_active_runs` of its version, for `parallel`. */
  max: number
  /** Asked for by hand: starts whatever the strategy says. */
  forced: boolean
}

export interface Others {
  /** Running runs: of its version for `parallel`, of the DAG for all else. */
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

/** What holds a run back: no place is free, or other runs of its DAG. */
export type Hold = 'places' | 'active' | 'older' | 'newer' | 'failed_before'

/** The judgement with what it rests on; null when nothing holds the run back. */
export interface Weighed {
  admission: Admission
  because: Hold | null
}

/** The first of these that holds, as `admission`. */
function held(admission: Admission, ...holds: (Hold | false)[]): Weighed {
  const because = holds.find((hold) => hold !== false) ?? null
  return { admission: because === null ? 'admit' : admission, because }
}

export function weighAdmission({ strategy, max, forced }: Waiting, others: Others): Weighed {
  if (forced) return held('admit')
  const active = others.active > 0 && 'active'
  const older = others.older && 'older'
  const newer = others.newer && 'newer'
  switch (strategy) {
    case 'parallel':
      return held('wait', others.active >= max && 'places')
    case 'sequential':
      return held('wait', active, older)
    case 'strict_sequential':
      // What recovers the failure goes before all that wait behind it.
      return others.recovers
        ? held('wait', active)
        : held('wait', active, older, others.failedBefore && 'failed_before')
    case 'first_only':
      return held('cancel', active, older)
    case 'last_only':
      return newer ? held('cancel', newer) : held('push_out', active)
    case 'serial_latest_only':
      return newer ? held('cancel', newer) : held('wait', active)
    default:
      return assertNever(strategy)
  }
}

export const judgeAdmission = (waiting: Waiting, others: Others): Admission =>
  weighAdmission(waiting, others).admission
