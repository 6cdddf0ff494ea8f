/** Trigger rules: what the folded states of a task's parents mean for it. Pure and independent of who finished first. */
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

/**
 * Whether the rule holds, can still hold, or never will. `one_failed` fires at once; a rule that can no longer hold is
 * decided at once, but a skip only when no parent can fail any more: a failure wins over a skip (engine.md).
 */
export function judge(rule: TriggerRule, parents: ParentCounts): Judgement {
  if (parents.total === 0) return 'ready'
  const failures = parents.failed + parents.upstream_failed + parents.cancelled
  const done = failures + parents.succeeded + parents.skipped === parents.total
  switch (rule) {
    case 'all_success':
      if (failures > 0) return 'upstream_failed'
      if (!done) return 'wait'
      return parents.skipped > 0 ? 'skipped' : 'ready'
    case 'none_failed':
      if (failures > 0) return 'upstream_failed'
      return done ? 'ready' : 'wait'
    case 'one_failed':
      if (failures > 0) return 'ready'
      return done ? 'skipped' : 'wait'
    case 'all_done':
      return done ? 'ready' : 'wait'
    case 'always':
      return 'ready'
    default:
      return assertNever(rule)
  }
}

/** The state of an expanded task, once all its items ended: what trigger rules see of it. */
export function fold(items: readonly TerminalTaskRunState[]): TerminalTaskRunState {
  for (const state of ['failed', 'upstream_failed', 'cancelled'] as const)
    if (items.includes(state)) return state
  return items.every((state) => state === 'skipped') ? 'skipped' : 'succeeded'
}
