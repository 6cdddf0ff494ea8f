import { expect, test } from 'vitest'
import { fold, judge, noParents } from './rules.ts'
import { triggerRules } from './states.ts'

test.each([
  ['all_success', { succeeded: 2 }, 'ready'],
  ['all_success', { succeeded: 1 }, 'wait'],
  ['all_success', { failed: 1 }, 'upstream_failed'],
  ['all_success', { skipped: 1 }, 'wait'],
  ['all_success', { skipped: 1, succeeded: 1 }, 'skipped'],
  ['all_success', { skipped: 1, failed: 1 }, 'upstream_failed'],
  ['all_success', { upstream_failed: 1 }, 'upstream_failed'],
  ['none_failed', { skipped: 1, succeeded: 1 }, 'ready'],
  ['none_failed', { failed: 1 }, 'upstream_failed'],
  ['none_failed', { skipped: 2 }, 'ready'],
  ['one_failed', { failed: 1 }, 'ready'],
  ['one_failed', { upstream_failed: 1 }, 'ready'],
  ['one_failed', { succeeded: 1 }, 'wait'],
  ['one_failed', { succeeded: 1, skipped: 1 }, 'skipped'],
  ['all_done', { failed: 1 }, 'wait'],
  ['all_done', { failed: 1, skipped: 1 }, 'ready'],
  ['always', {}, 'ready'],
] as const)('%s of two parents, %j: %s', (rule, counts, judgement) => {
  expect(judge(rule, { ...noParents(2), ...counts })).toBe(judgement)
})

test.each(triggerRules)('%s without parents is ready', (rule) =>
  expect(judge(rule, noParents(0))).toBe('ready'),
)

test.each([
  [['succeeded', 'succeeded'], 'succeeded'],
  [['succeeded', 'skipped'], 'succeeded'],
  [['skipped', 'skipped'], 'skipped'],
  [['succeeded', 'failed', 'upstream_failed', 'cancelled'], 'failed'],
  [['succeeded', 'upstream_failed', 'cancelled'], 'upstream_failed'],
  [['succeeded', 'cancelled', 'skipped'], 'cancelled'],
] as const)('items %j fold to %s', (list, state) => expect(fold(list)).toBe(state))
