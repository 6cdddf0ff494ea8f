/**
 * Trigger rules: what the folded states of a task's parents mean for it. Pure and independent of who finished first.
 * The meanings are those of Airflow 3's `TriggerRuleDep`; where that depends on the order of the ends, engine.md decides:
 * failed and upstream_failed win over skipped.
 */
import { assertNever } from '../errors/errors.ts'
import type { TerminalTaskRunState, TriggerRule } from './states.ts'

/** How many parents there are, and how many of them ended in which folded state. */
export type ParentCounts = { total: number } & Record<TerminalTaskRunState, number>

export const noParents = (total: number): ParentCounts => ({
  total,
  succeeded: 0,
  failed: 0,
  skipped: 0,
  upstream_failed: 0,
  cancelled: 0,
})

export type Judgement = 'wait' | 'ready' | 'skipped' | 'upstream_failed'

/** `one` as soon as it is certain, else `otherwise` when all parents are over. */
const once = (holds: boolean, done: boolean, one: Judgement, otherwise: Judgement): Judgement =>
  holds ? one : done ? otherwise : 'wait'

/**
 * Whether the rule holds, can still hold, or never will. `one_*` fire at once; a rule that can no longer hold is decided
 * at once, but all_success is skipped only when no parent can fail any more.
 */
export function judge(rule: TriggerRule, parents: ParentCounts): Judgement {
  const { total, succeeded, failed, skipped } = parents
  if (total === 0) return 'ready'
  const failures = failed + parents.upstream_failed + parents.cancelled
  const done = failures + succeeded + skipped === total
  switch (rule) {
    case 'all_success':
      return once(failures > 0, done, 'upstream_failed', skipped > 0 ? 'skipped' : 'ready')
    case 'all_failed':
      return once(succeeded + skipped > 0, done, 'skipped', 'ready')
    case 'all_done':
      return done ? 'ready' : 'wait'
    case 'all_done_min_one_success':
      return once(skipped > 0, done, 'skipped', succeeded > 0 ? 'ready' : 'upstream_failed')
    case 'all_skipped':
      return once(succeeded + failures > 0, done, 'skipped', 'ready')
    case 'one_failed':
      return once(failures > 0, done, 'ready', 'skipped')
    case 'one_success':
      return once(succeeded > 0, done, 'ready', skipped === total ? 'skipped' : 'upstream_failed')
    case 'one_done':
      return once(succeeded + failed > 0, done, 'ready', 'skipped')
    case 'none_failed':
      return once(failures > 0, done, 'upstream_failed', 'ready')
    case 'none_failed_min_one_success':
      return once(failures > 0, done, 'upstream_failed', skipped === total ? 'skipped' : 'ready')
    case 'none_skipped':
      return once(skipped > 0, done, 'skipped', 'ready')
    case 'always':
      return 'ready'
    default:
      return assertNever(rule)
  }
}

/** Whether set-ups let the tasks go on that they were made for: all must have succeeded. */
export function judgeSetUps(setUps: readonly (TerminalTaskRunState | null)[]): Judgement {
  if (setUps.some((state) => state !== null && state !== 'succeeded' && state !== 'skipped'))
    return 'upstream_failed'
  if (setUps.includes(null)) return 'wait'
  return setUps.includes('skipped') ? 'skipped' : 'ready'
}

/** A teardown runs when all before it are over and one of its set-ups has made something. */
export function judgeTeardown(
  parents: ParentCounts,
  setUps: readonly (TerminalTaskRunState | null)[],
): Judgement {
  if (judge('all_done', parents) === 'wait') return 'wait'
  if (setUps.includes('succeeded')) return 'ready'
  return setUps.every((state) => state === 'skipped') ? 'skipped' : 'upstream_failed'
}

/** The state of an expanded task, once all its items ended: what trigger rules see of it. */
export function fold(items: readonly TerminalTaskRunState[]): TerminalTaskRunState {
  for (const state of ['failed', 'upstream_failed', 'cancelled'] as const)
    if (items.includes(state)) return state
  return items.every((state) => state === 'skipped') ? 'skipped' : 'succeeded'
}
