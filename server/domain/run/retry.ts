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
  exitCode: number | null
  /** What `retry_if` says of this failure; true without one. */
  retry: boolean | { error: string }
}

export type RetryPolicy = Pick<
  Task,
  | 'retries'
  | 'retry_delay'
  | 'retry_backoff'
  | 'infrastructure_retries'
  | 'skip_exit_codes'
  | 'fail_exit_codes'
  | 'poll'
>

export interface Failures {
  userFailures: number
  infrastructureFailures: number
}

export type AfterAttempt =
  | {
      kind: 'end'
      state: 'succeeded' | 'failed' | 'skipped' | 'cancelled'
      reason: Reason | null
      message: string | null
      failures: Failures
    }
  /** `delay` in ms from now. */
  | { kind: 'retry'; delay: number; failures: Failures }
  /** A poll's probe was not ready. */
  | { kind: 'again'; delay: number; failures: Failures }

/** A year in ms: no clock of a run counts further. */
const longestDelay = 31_536_000_000

/** `min(max, delay · factor^(n−1))`, spread by ± jitter; `random` is in [0, 1). In ms. */
export function retryDelay(policy: RetryPolicy, n: number, random: number): number {
  const { factor, max, jitter } = policy.retry_backoff
  const delay = Math.min(max ?? longestDelay, longestDelay, policy.retry_delay * factor ** (n - 1))
  return Math.round(delay * (1 + jitter * (2 * random - 1)))
}

/** Infrastructure comes back by itself: 1 s, 2 s, 4 s … 60 s. */
const infrastructureDelay = (n: number) => Math.min(60_000, 1000 * 2 ** (n - 1))

/** What its own exit code says, where a list names it. */
function byExitCode(policy: RetryPolicy, { state, reason, exitCode }: AttemptOutcome) {
  if (state !== 'failed' || reason !== 'user_error' || exitCode === null) return null
  if (policy.poll?.not_ready_exit_codes.includes(exitCode) === true) return 'not_ready'
  if (policy.skip_exit_codes.includes(exitCode)) return 'skip'
  return policy.fail_exit_codes.includes(exitCode) ? 'fail' : null
}

function afterOwnFailure(
  policy: RetryPolicy,
  before: Failures,
  { reason, message, retry }: AttemptOutcome,
  final: boolean,
  random: number,
): AfterAttempt {
  const failures = { ...before, userFailures: before.userFailures + 1 }
  const end = { kind: 'end', state: 'failed', reason, message, failures } as const
  if (final || failures.userFailures > policy.retries || (reason !== null && hopeless.has(reason))) return end
  if (typeof retry === 'object') return { ...end, reason: 'expression_error', message: retry.error }
  return retry ? { kind: 'retry', delay: retryDelay(policy, failures.userFailures, random), failures } : end
}

export function afterAttempt(
  policy: RetryPolicy,
  failures: Failures,
  outcome: AttemptOutcome,
  random: number,
): AfterAttempt {
  const { state, reason, message } = outcome
  if (state === 'succeeded' || state === 'cancelled') return { kind: 'end', state, reason, message, failures }
  // A stop of the product is nobody's failure: the next attempt begins once there is a worker.
  if (reason === 'worker_stopped') return { kind: 'retry', delay: 0, failures }
  if (state === 'lost' || (reason !== null && infrastructure.has(reason))) {
    const n = failures.infrastructureFailures + 1
    const counted = { ...failures, infrastructureFailures: n }
    return n > policy.infrastructure_retries
      ? { kind: 'end', state: 'failed', reason, message, failures: counted }
      : { kind: 'retry', delay: infrastructureDelay(n), failures: counted }
  }
  const said = byExitCode(policy, outcome)
  if (said === 'not_ready') return { kind: 'again', delay: policy.poll?.every ?? 0, failures }
  if (said === 'skip') return { kind: 'end', state: 'skipped', reason: 'skip_exit_code', message, failures }
  return afterOwnFailure(policy, failures, outcome, said === 'fail', random)
}
