/**
 * The next steps of an attempt's pod, from what is known of the attempt and of the pod: level-triggered, so that the same
 * question may be asked by anyone, at any time, again after a crash, and by two at once. Pure.
 *
 * A start: the intent is written (the row) → the pod is created by its name → its UID is written. A death: the token is
 * revoked, which shuts the start gate → this very pod is deleted → it is gone, or has ended, or its node is given up → the end is
 * published. Where the gate was not passed before it was shut, no code can run any more, and nothing is waited for. An end by itself: the
 * logs are stored to their end → the end is published. After an end: the pod is deleted, and let go.
 */
import {
  ownPodOf,
  type AttemptFacts,
  type Ending,
  type Forgotten,
  type OwnPod,
  type PodEnd,
  type Seen,
} from './attempt-facts.ts'
import { isNodeSilent } from './disruption.ts'
import {
  cancelled,
  endOfAbsent,
  endOfVerdict,
  foreignPod,
  nodeLost,
  notCollected,
  notStarted,
  outOfTime,
  refusedFor,
  startOf,
  toldBy,
} from './ends.ts'
import { ownPrefix } from './names.ts'
import type { ObservedPod } from './observed.ts'
import type { Refusal } from './refusal.ts'
import type { PodVerdict } from './verdict.ts'

/** Done in order, up to the first that fails or is refused; then, and after the last, the question is asked anew. */
export type Action =
  /** Read the pod itself, and its events: what is known may be behind. */
  | { kind: 'look' }
  | { kind: 'create' }
  /** Guarded: the attempt is live, and has no other UID. */
  | { kind: 'commit_uid'; uid: string }
  /** `runningSeenAt` or `endSeenAt`, where it is null. */
  | { kind: 'note'; what: 'running' | 'ended' }
  /** One guarded statement: the attempt is live; its token ends, its start gate is shut, and it is written as what it will end. */
  | { kind: 'revoke'; ending: Ending }
  /** With the UID as a precondition. */
  | { kind: 'delete'; uid: string; graceSeconds: number }
  /** Within a bound: what cannot be read any more is shown as missing. */
  | { kind: 'complete_logs'; uid: string }
  /** One guarded statement: the attempt is live. */
  | { kind: 'publish'; end: PodEnd }
  | { kind: 'remove_finalizer'; uid: string }
  /** Until something changes, or this moment at the latest; `why` is what a person is told meanwhile. */
  | { kind: 'wait'; until: number | null; why: PodVerdict | null }
  /** Nothing is left to be done. */
  | { kind: 'forget' }

/** ms after its grace that a pod may need to be gone, on a node that answers. */
const stuckMs = 60_000

const wait = (until: number | null, why: PodVerdict | null): Action[] => [{ kind: 'wait', until, why }]
const look: Action[] = [{ kind: 'look' }]

type Own = Extract<OwnPod, { kind: 'own' }>

/** After an end, or where nobody knows the attempt: whatever is left of it goes. */
function cleanUp(facts: AttemptFacts | Forgotten, pod: OwnPod): Action[] {
  if (pod.kind === 'absent' || pod.kind === 'foreign') return [{ kind: 'forget' }]
  const { uid, observed, finalizers } = pod
  const isKnown = 'identity' in facts
  const held = finalizers.filter((one) =>
    isKnown ? one === facts.identity.finalizer : one.startsWith(ownPrefix),
  )
  const actions: Action[] = []
  if (observed.deletion === null)
    actions.push({ kind: 'delete', uid, graceSeconds: isKnown ? facts.graceSeconds : 30 })
  if (held.length > 0) actions.push({ kind: 'remove_finalizer', uid })
  return actions.length === 0 ? wait(null, null) : actions
}

/** When its node is taken for dead; null: it answers, or is waited for. */
function deadAt({ assumeDeadMs, since }: AttemptFacts, observed: ObservedPod, now: number): number | null {
  if (assumeDeadMs === null) return null
  if (isNodeSilent(observed)) return (since.silentAt ?? now) + assumeDeadMs
  if (observed.deletion === null) return null
  const { at, graceMs } = since.deletion ?? { at: now, graceMs: 0 }
  return at + graceMs + stuckMs + assumeDeadMs
}

/** Whether its deletion is asked for, with no more grace than it is to have. */
function isAskedFor({ graceSeconds }: AttemptFacts, { deletion }: ObservedPod): boolean {
  if (deletion === null) return false
  const { at, overAt } = deletion
  return at === null || overAt === null || overAt - at <= graceSeconds * 1000
}

/** Its end by itself: what it has written is brought away first. */
const recorded = (facts: AttemptFacts, uid: string, end: PodEnd): Action[] => [
  ...(facts.logsDone ? [] : [{ kind: 'complete_logs', uid } as const]),
  { kind: 'publish', end },
]

/** Its token is revoked. */
function dying(facts: AttemptFacts, ending: Ending, pod: OwnPod, isFresh: boolean, now: number): Action[] {
  if (pod.kind !== 'own') return isFresh ? [{ kind: 'publish', end: ending.end }] : look
  const { uid, observed, verdict } = pod
  if (endOfVerdict(verdict) !== null) return recorded(facts, uid, toldBy(ending, verdict))
  // Others may have given it an hour: a shorter grace takes the place of a longer one.
  const deletion: Action[] = isAskedFor(facts, observed)
    ? []
    : [{ kind: 'delete', uid, graceSeconds: facts.graceSeconds }]
  if (facts.gatePassedAt === null) return [...deletion, { kind: 'publish', end: ending.end }]
  if (deletion.length > 0) return deletion
  const dead = deadAt(facts, observed, now)
  if (dead === null || dead > now) return wait(dead, verdict)
  return isFresh ? [{ kind: 'publish', end: ending.end }] : look
}

interface Bound {
  at: number
  ending: () => Ending
}

/** What runs before its code. */
const runsBefore = ({ init }: ObservedPod): string | null =>
  init.find(({ state }) => state.kind === 'running')?.name ?? null

/** The bounds that are under way, and as what it ends when one is over. */
function boundsOf(facts: AttemptFacts, { observed, verdict }: Own, now: number): Bound[] {
  const bounds: Bound[] = []
  const dead = isNodeSilent(observed) ? deadAt(facts, observed, now) : null
  if (dead !== null) bounds.push({ at: dead, ending: () => nodeLost(verdict) })
  const state = observed.main?.state
  const { timeoutMs, endSeenAt, collectMs } = facts
  if (state?.kind === 'terminated') {
    if (endSeenAt !== null) bounds.push({ at: endSeenAt + collectMs, ending: () => notCollected(collectMs) })
  } else if (verdict.state === 'pending')
    bounds.push({ at: facts.startBy, ending: () => notStarted(verdict, null, runsBefore(observed)) })
  else if (timeoutMs !== null) {
    const told = state?.kind === 'running' ? state.startedAt : facts.gatePassedAt
    bounds.push({ at: startOf(facts, told, now) + timeoutMs, ending: () => outOfTime(timeoutMs) })
  }
  return bounds
}

/** A success of which no event could tell anything else. */
const isPlain = ({ verdict, observed }: Own): boolean =>
  verdict.state === 'succeeded' && observed.deletion === null && !observed.conditions.has('DisruptionTarget')

/** Its own pod, as long as it goes on. */
function living(facts: AttemptFacts, pod: Own, isFresh: boolean, now: number): Action[] {
  const { uid, observed, verdict } = pod
  if (facts.uid === null) return [{ kind: 'commit_uid', uid }]
  const end = endOfVerdict(verdict)
  if (end !== null) return isFresh || isPlain(pod) ? recorded(facts, uid, end) : look
  if (facts.cancelAsked) return isFresh ? [{ kind: 'revoke', ending: cancelled }] : look
  const bounds = boundsOf(facts, pod, now).toSorted((a, b) => a.at - b.at)
  const [first] = bounds
  if (first !== undefined && first.at <= now)
    return isFresh ? [{ kind: 'revoke', ending: first.ending() }] : look
  const { kind } = observed.main?.state ?? { kind: 'unknown' }
  if (kind === 'running' && facts.runningSeenAt === null) return [{ kind: 'note', what: 'running' }]
  if (kind === 'terminated' && facts.endSeenAt === null) return [{ kind: 'note', what: 'ended' }]
  return wait(first?.at ?? null, verdict)
}

/** No pod of its own is there. */
function without(facts: AttemptFacts, pod: OwnPod, seen: Seen, now: number): Action[] {
  if (!seen.isFresh) return look
  // It was there, and is gone, or another has taken its name.
  if (facts.uid !== null)
    return [{ kind: 'publish', end: endOfAbsent(seen.kind === 'absent' ? seen.events : []) }]
  if (facts.cancelAsked) return [{ kind: 'revoke', ending: cancelled }]
  if (pod.kind === 'foreign') return [{ kind: 'revoke', ending: foreignPod }]
  if (now >= facts.startBy) return [{ kind: 'revoke', ending: notStarted(null, facts.refusal) }]
  return [{ kind: 'create' }]
}

/**
 * @param now ms since the epoch, of the database
 */
export function reconcile(facts: AttemptFacts | Forgotten, seen: Seen, now: number): Action[] {
  const pod = ownPodOf(facts, seen)
  if (!('identity' in facts) || facts.isOver) return cleanUp(facts, pod)
  if (facts.ending !== null) return dying(facts, facts.ending, pod, seen.isFresh, now)
  return pod.kind === 'own' ? living(facts, pod, seen.isFresh, now) : without(facts, pod, seen, now)
}

/**
 * After the cluster has refused to create the pod.
 * @param retryAt when to try again what may pass; ms since the epoch
 */
export function afterRefusal(facts: AttemptFacts, refusal: Refusal, retryAt: number): Action[] {
  if (refusal.kind === 'exists') return look
  if (refusal.kind === 'never')
    return [{ kind: 'revoke', ending: refusedFor(refusal.reason, refusal.message) }]
  return wait(Math.min(retryAt, facts.startBy), null)
}
