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

const run = (state: 'running' | 'failed' | 'cancelled') => ({ state, reason: null, cancelledBy: null })

test('a run that waits for a person says so first, and for which task', () => {
  expect(
    headline(run('running'), [row('a', 'succeeded'), row('review', 'awaiting_input'), row('b', 'waiting')]),
  ).toBe('Waits for an answer: review.')
  const many = [1, 2, 3, 4, 5].map((n) => row('review', 'awaiting_input', `n=${n}`))
  expect(headline(run('running'), many)).toBe(
    'Waits for an answer: review (n=1), review (n=2), review (n=3) and 2 more.',
  )
})

test('a cancelled run names who cancelled it, and a refused one who answered no', () => {
  const cancelled = { ...run('cancelled'), reason: 'cancel_requested', cancelledBy: 'Ines' } as const
  expect(headline(cancelled, [row('a', 'cancelled')])).toBe('Cancelled by Ines: 0 of 1 task runs succeeded.')
  expect(headline({ ...cancelled, cancelledBy: null }, [row('a', 'cancelled')])).toMatch(/^Cancelled: 0/)
  expect(headline({ ...cancelled, reason: 'pushed_out' }, [row('a', 'cancelled')])).toMatch(/^Cancelled: 0/)
  const answer = { yes: false, by: 'Ole', at: '2026-11-26T06:00:00Z', comment: null, values: {} }
  const refused = { ...row('review', 'failed'), reason: 'rejected', answer } as const
  expect(headline(run('failed'), [refused])).toBe('Failed: review. Ole answered no.')
})

test('else how far it is, or what failed', () => {
  expect(headline(run('running'), [row('a', 'succeeded'), row('b', 'running')])).toBe(
    'Running: 1 of 2 task runs succeeded.',
  )
  expect(headline(run('failed'), [row('a', 'failed', 'n=2'), row('b', 'failed')])).toBe(
    'Failed: a (n=2). 1 more failed.',
  )
})
