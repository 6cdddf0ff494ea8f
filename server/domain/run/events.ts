/** What can happen to a run. */
import type { AttemptOutcome } from './retry.ts'
import type { Reason, TaskRunState } from './states.ts'
import type { ItemRef } from './work.ts'

/** `skip` gives the reason; `not_yet`: ask again later. */
export type ConditionAnswer = 'true' | 'not_yet' | { skip: Reason } | { error: string }
/** `at` in ms since the epoch; `not_yet`: ask again later; `ends`: what it waited for ended otherwise, as `message` tells. */
export type WaitAnswer =
  'over' | 'not_yet' | { at: number } | { ends: 'failed' | 'skipped'; message: string } | { error: string }

export type RunEvent =
  | { kind: 'admitted' }
  | ({ kind: 'condition'; result: ConditionAnswer } & ItemRef)
  /** Keys of the items in order; the first takes the place of the one that stood for all. */
  | { kind: 'expanded'; node: number; item: 0; result: string[] | { error: string } }
  | ({ kind: 'wait_told'; result: WaitAnswer } & ItemRef)
  | ({ kind: 'answered'; yes: boolean } & ItemRef)
  | ({ kind: 'claimed' } & ItemRef)
  | ({ kind: 'gate_passed' } & ItemRef)
  /** `random` in [0, 1) spreads the retry delay. */
  | ({ kind: 'attempt_ended'; outcome: AttemptOutcome; random: number } & ItemRef)
  /** The item's `dueAt` has come. */
  | ({ kind: 'due' } & ItemRef)
  | ({ kind: 'marked'; as: 'succeeded' | 'failed' | 'skipped'; message: string } & ItemRef)
  /** The run was read again after a crash: what a decision asked for then may not have been done. */
  | { kind: 'reconsidered' }
  | { kind: 'cancel_requested'; forced: boolean }
  | { kind: 'pushed_out' }
  /** The run's `dueAt` has come. */
  | { kind: 'run_due' }

export type ItemEvent = Extract<RunEvent, ItemRef>

/** The states an item must be in for the event to mean anything. */
export const statesFor: Record<ItemEvent['kind'], readonly TaskRunState[]> = {
  condition: ['waiting'],
  expanded: ['waiting'],
  wait_told: ['waiting'],
  answered: ['awaiting_input'],
  claimed: ['queued'],
  gate_passed: ['starting'],
  attempt_ended: ['starting', 'running'],
  due: ['waiting', 'queued', 'retrying', 'awaiting_input'],
  marked: ['waiting', 'queued', 'starting', 'running', 'retrying', 'awaiting_input'],
}
