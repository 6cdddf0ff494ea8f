import { expect, test } from 'vitest'
import { fixtures } from '#server/testing/pod-fixtures.ts'
import { afterAttempt, type RetryPolicy } from '../run/retry.ts'
import { explain } from './explain.ts'
import { endOfStart } from './verdict.ts'

test('[R6] there are fixtures for each way to end', () => {
  expect(fixtures.length).toBeGreaterThanOrEqual(60)
  const told = new Set(fixtures.map(([, { expected }]) => expected.reason))
  for (const reason of [
    'user_error',
    'killed',
    'oom',
    'timeout',
    'evicted',
    'preempted',
    'node_lost',
    'deleted_by_hand',
    'image_pull',
    'bad_config',
    'unschedulable',
    'storage',
    'infrastructure_unknown',
  ])
    expect([...told]).toContain(reason)
})

test.each(fixtures.map(([name, fixture]) => [name, fixture.about, fixture] as const))(
  '[R6] %s: %s',
  (_name, _about, { pod, events, expected }) => expect(explain(pod, events)).toEqual(expected),
)

const policy: RetryPolicy = {
  retries: 0,
  retry_delay: 0,
  retry_backoff: { factor: 1, max: null, jitter: 0 },
  infrastructure_retries: 3,
  skip_exit_codes: [],
  fail_exit_codes: [],
  poll: null,
}

test('[R6] what ended before user code started burns no retry of the user', () => {
  const ends = fixtures.flatMap(([name, { expected }]) => {
    const end = expected.state === 'pending' ? endOfStart(expected) : expected
    return end.userCode === 'not_started' && end.state !== 'running' ? [[name, end] as const] : []
  })
  expect(ends.length).toBeGreaterThan(30)
  const burning = ends.filter(([, { state, reason, message, exitCode }]) => {
    if (state !== 'failed' && state !== 'lost') return true
    const outcome = { state, reason, message, exitCode, retry: true }
    const none = { userFailures: 0, infrastructureFailures: 0 }
    // A fault of its configuration ends the task at once, whatever is left of its retries.
    return reason !== 'bad_config' && afterAttempt(policy, none, outcome, 0).failures.userFailures > 0
  })
  expect(burning).toEqual([])
})

test.each(
  fixtures.flatMap(([name, { expected }]) =>
    expected.state === 'pending' ? [[name, expected] as const] : [],
  ),
)('[R6] what does not start in time ends for what held it back: %s', (_name, held) => {
  const end = endOfStart(held)
  expect(end.reason).toBe(held.reason ?? 'infrastructure_unknown')
  expect(end.message).toContain('It did not start within its `start_timeout`.')
  expect(end.message).toContain(held.message ?? '')
})
