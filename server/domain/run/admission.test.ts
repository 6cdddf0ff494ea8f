import { expect, test } from 'vitest'
import { judgeAdmission, type Others } from './admission.ts'
import { runStrategies, type RunStrategy } from './states.ts'

const alone: Others = { active: 0, older: false, newer: false, failedBefore: false, recovers: false }
const judge = (strategy: RunStrategy, others: Partial<Others>, forced = false) =>
  judgeAdmission({ strategy, max: 2, forced }, { ...alone, ...others })

test.each([
  ['parallel', { active: 1, older: true }, 'admit'],
  ['parallel', { active: 2 }, 'wait'],
  ['sequential', { active: 1 }, 'wait'],
  ['sequential', { older: true }, 'wait'],
  ['sequential', { newer: true, failedBefore: true }, 'admit'],
  ['strict_sequential', { failedBefore: true }, 'wait'],
  ['strict_sequential', { newer: true }, 'admit'],
  ['strict_sequential', { failedBefore: true, recovers: true, older: true }, 'admit'],
  ['strict_sequential', { failedBefore: true, recovers: true, active: 1 }, 'wait'],
  ['first_only', { active: 1 }, 'cancel'],
  ['first_only', { older: true }, 'cancel'],
  ['first_only', { newer: true }, 'admit'],
  ['last_only', { active: 1 }, 'push_out'],
  ['last_only', { active: 1, newer: true }, 'cancel'],
  ['last_only', { older: true }, 'admit'],
  ['serial_latest_only', { active: 1 }, 'wait'],
  ['serial_latest_only', { newer: true }, 'cancel'],
  ['serial_latest_only', { older: true }, 'admit'],
] as const)('%s with %j: %s', (strategy, others, says) => expect(judge(strategy, others)).toBe(says))

test.each(runStrategies)('%s: a run alone is admitted, and one that is forced always', (strategy) => {
  expect(judge(strategy, {})).toBe('admit')
  expect(judge(strategy, { active: 9, older: true, newer: true, failedBefore: true }, true)).toBe('admit')
})
