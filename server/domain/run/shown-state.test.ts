import { expect, test } from 'vitest'
import { taskRunStates } from './states.ts'
import { shownState } from './shown-state.ts'

test.each([
  [['failed', 'running'], 'running'],
  [['waiting', 'queued'], 'queued'],
  [['succeeded', 'failed', 'skipped'], 'failed'],
  [['succeeded', 'skipped'], 'succeeded'],
  [['skipped'], 'skipped'],
] as const)('%j is shown as %s', (states, shown) => {
  expect(shownState(states)).toBe(shown)
})

test('every state alone is shown as itself', () => {
  expect(taskRunStates.map((state) => shownState([state]))).toEqual([...taskRunStates])
})
