/** The ends that are not told by a pod: asked for, out of time, on a node that is lost, of a pod that is not there. */
import type { AttemptFacts, Ending, PodEnd } from './attempt-facts.ts'
import type { Told } from './container-end.ts'
import { explain } from './explain.ts'
import { endOfStart, goesOn, type PodVerdict } from './verdict.ts'

/** @param verdict of a pod that has ended */
export function endOfVerdict({ state, reason, message, container, exitCode }: PodVerdict): PodEnd | null {
  if (state === 'pending' || state === 'running') return null
  return { state, reason, message, container, exitCode }
}

/** Nothing but a container before its code kept it from that. */
const heldBy = (verdict: PodVerdict, before: string | null): PodVerdict =>
  verdict.reason !== null || before === null
    ? verdict
    : {
        ...verdict,
        container: before,
        message: `Its container ${before} had not ended by then: the log of that is with its pod.`,
      }

const plain = (state: PodEnd['state'], reason: PodEnd['reason'], message: string | null): PodEnd => ({
  state,
  reason,
  message,
  container: null,
  exitCode: null,
})

export const cancelled: Ending = { why: 'cancel', end: plain('cancelled', 'cancel_requested', null) }

export const outOfTime = (timeoutMs: number): Ending => ({
  why: 'timeout',
  end: plain('failed', 'timeout', `It took longer than its timeout of ${timeoutMs} ms.`),
})

export const notCollected = (collectMs: number): Ending => ({
  why: 'not_collected',
  end: plain(
    'failed',
    'storage',
    `It ended, but what it left was not collected within ${collectMs / 1000} s.`,
  ),
})

export const nodeLost = (verdict: PodVerdict): Ending => ({
  why: 'node_lost',
  end: plain('lost', 'node_lost', `${verdict.message ?? 'Its node does not answer.'} It is taken for dead.`),
})

/**
 * @param verdict what was seen of its pod last; null: there was none, for what the cluster said
 * @param before the container that it had not come past, where one ran
 */
export function notStarted(
  verdict: PodVerdict | null,
  refusal: Told | null,
  before: string | null = null,
): Ending {
  const held = heldBy(verdict ?? goesOn('pending', 'not_started', refusal), before)
  const { state, reason, message, container, exitCode } = endOfStart(held)
  return {
    why: 'start_timeout',
    end: { state: state === 'failed' ? state : 'lost', reason, message, container, exitCode },
  }
}

export const refusedFor = (reason: PodEnd['reason'], message: string): Ending => ({
  why: 'refused',
  end: plain(reason === 'bad_config' ? 'failed' : 'lost', reason, message),
})

export const foreignPod = refusedFor(
  'infrastructure_unknown',
  'A pod of its name is in its namespace that Dagbok did not make for it: delete that one.',
)

/** Its pod was there, and is no more. @param events by its UID */
export function endOfAbsent(events: unknown): PodEnd {
  const { reason, message } = explain(null, events)
  return plain('lost', reason, message)
}

/** What was asked for, with what its pod tells besides. */
export const toldBy = ({ end }: Ending, verdict: PodVerdict): PodEnd => ({
  ...end,
  container: verdict.container ?? end.container,
  exitCode: verdict.exitCode ?? end.exitCode,
})

/**
 * When `main` started: as its node says, but not before its gate, and not after it was seen to run, whatever that clock shows. Where
 * it runs and its gate is not known to have been passed, what is known of the attempt is older than what is seen of the pod: it counts from now.
 */
export function startOf(facts: AttemptFacts, told: number | null, now: number): number {
  const latest = Math.min(facts.runningSeenAt ?? now, now)
  return Math.min(latest, Math.max(facts.gatePassedAt ?? latest, told ?? latest))
}
