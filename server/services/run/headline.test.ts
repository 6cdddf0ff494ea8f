import { expect, test } from 'vitest'
import type { TaskRunView } from '../../views/run.ts'
import { headline } from './views.ts'

const row = (task: string, state: TaskRunView['state'], key: string | null = null): TaskRunView => ({
  task,
  key,
  index: 0,
  state,
  reason: null,
  message: null,
  dueAt: null,
  reusedFrom: null,
  answer: null,
  whyNotRunning: null,
  queuedAt: null,
  startedAt: null,
  endedAt: null,
  attempts: [],
})

test('a run that waits for a person says so first, and for which task', () => {
  expect(
    headline('running', [row('a', 'succeeded'), row('review', 'awaiting_input'), row('b', 'waiting')]),
  ).toBe('Waits for an answer: review.')
  const many = [1, 2, 3, 4, 5].map((n) => row('review', 'awaiting_input', `n=${n}`))
  expect(headline('running', many)).toBe(
    'Waits for an answer: review (n=1), review (n=2), review (n=3) and 2 more.',
  )
})

test('else how far it is, or what failed', () => {
  expect(headline('running', [row('a', 'succeeded'), row('b', 'running')])).toBe(
    'Running: 1 of 2 task runs succeeded.',
  )
  expect(headline('failed', [row('a', 'failed', 'n=2'), row('b', 'failed')])).toBe(
    'Failed: a (n=2). 1 more failed.',
  )
})
