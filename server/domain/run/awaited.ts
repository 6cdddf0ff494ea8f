/** What the runs of another DAG mean for a task that waits for the end of one. Pure. */
import type { Action, AwaitedRun } from '../dag/spec.ts'
import type { WaitAnswer } from './events.ts'
import type { RunState } from './states.ts'

/** `REPOSITORY/DAG` whose run a task waits for; null: for none. */
export const awaitedDag = (action: Action): string | null =>
  action.kind === 'wait' && action.for.kind === 'run' ? action.for.dag : null

/** A run of the logical date that is waited for. */
export interface DatedRun {
  number: number
  state: RunState
}

const among = (states: readonly RunState[], { state }: DatedRun): boolean => states.includes(state)

/**
 * Any run that ended well enough is enough: a later one changes nothing. Of the rest only the newest counts, so that a run
 * that was recovered, or runs again, is waited for. A date without a run is waited for, too: the wait has a timeout.
 * @param runs newest first
 */
export function judgeAwaited(awaited: AwaitedRun, runs: readonly DatedRun[]): WaitAnswer {
  if (runs.some((run) => among(awaited.allowed_states, run))) return 'over'
  const [newest] = runs
  if (newest === undefined) return 'not_yet'
  const message = `Run ${newest.number} of ${awaited.dag}, of the same logical date, is ${newest.state}.`
  if (among(awaited.failed_states, newest)) return { ends: 'failed', message }
  return among(awaited.skipped_states, newest) ? { ends: 'skipped', message } : 'not_yet'
}
