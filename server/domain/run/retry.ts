/** What the end of an attempt means for its task run: over, or once more, and when. */
import type { Task } from '../dag/spec.ts'
import type { Reason } from './states.ts'

/** Failures that are nobody's code: they have a budget of their own and never use up the author's retries. */
const infrastructure: ReadonlySet<Reason> = new Set<Reason>([
  'evicted',
  'preempted',
  'node_lost',
  'image_pull',
  'unschedulable',
  'worker_lost',
  'deleted_by_hand',
  'infrastructure_unknown',
  'storage',
])

/** Failures that the next attempt would meet again. */
const hopeless: ReadonlySet<Reason> = new Set<Reason>(['expression_error', 'bad_config'])

export interface AttemptOutcome {
  state: 'succeeded' | 'failed' | 'lost' | 'cancelled'
  reason: Reason | null
  message: string | null
}

export type RetryPolicy = Pick<Task, 'retries' | 'retry_delay' | 'retry_backoff' | 'infrastructure_retries'>

export interface Failures {
  userFailures: number
  infrastructureFailures: number
}

export type AfterAttempt =
  | { kind: 'end'; state: 'succeeded' | 'failed' | 'cancelled'; failures: Failures }
  /** `delay` in ms from now. */
  | { kind: 'retry'; delay: number; failures: Failures }

/** `min(max, delay · factor^(n−1))`, spread by ± jitter; `random` is in [0, 1). In ms. */
export function retryDelay(policy: RetryPolicy, n: number, random: number): number {
  const { factor, max, jitter } = policy.retry_backoff
  const delay = Math.min(max ?? Number.MAX_SAFE_INTEGER, policy.retry_delay * factor ** (n - 1))
  return Math.round(delay * (1 + jitter * (2 * random - 1)))
}

/** Infrastructure comes back by itself: 1 s, 2 s, 4 s … 60 s. */
const infrastructureDelay = (n: number) => Math.min(60_000, 1000 * 2 ** (n - 1))

export function afterAttempt(
  policy: RetryPolicy,
  failures: Failures,
  outcome: AttemptOutcome,
  random: number,
): AfterAttempt {
  if (outcome.state === 'succeeded' || outcome.state === 'cancelled')
    return { kind: 'end', state: outcome.state, failures }
  // A stop of the product is nobody's failure: it goes on at the next start.
  if (outcome.reason === 'worker_stopped') return { kind: 'retry', delay: 0, failures }
  if (outcome.state === 'lost' || (outcome.reason !== null && infrastructure.has(outcome.reason))) {
    const n = failures.infrastructureFailures + 1
    const counted = { ...failures, infrastructureFailures: n }
    return n > policy.infrastructure_retries
      ? { kind: 'end', state: 'failed', failures: counted }
      : { kind: 'retry', delay: infrastructureDelay(n), failures: counted }
  }
  const n = failures.userFailures + 1
  const counted = { ...failures, userFailures: n }
  const over = n > policy.retries || (outcome.reason !== null && hopeless.has(outcome.reason))
  return over
    ? { kind: 'end', state: 'failed', failures: counted }
    : { kind: 'retry', delay: retryDelay(policy, n, random), failures: counted }
}
