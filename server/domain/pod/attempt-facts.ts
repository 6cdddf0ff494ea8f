/** What is known of an attempt and of its pod when the next step of its life is decided. Times are ms since the epoch, of the database. */
import type { Told } from './container-end.ts'
import { explain } from './explain.ts'
import { ownPrefix, recommendedPrefix } from './names.ts'
import { readPod, shapeOf, textOf, type ObservedPod } from './observed.ts'
import type { SeenSince } from './seen-since.ts'
import type { PodVerdict } from './verdict.ts'

/** How an attempt ends: `AttemptEnd` without what its pod has left. */
export interface PodEnd {
  state: 'succeeded' | 'failed' | 'lost' | 'cancelled'
  reason: PodVerdict['reason']
  message: string | null
  container: string | null
  exitCode: number | null
}

/** That an attempt is being ended, and as what: written together with the end of its token, and never taken back. */
export interface Ending {
  why: 'cancel' | 'timeout' | 'start_timeout' | 'not_collected' | 'node_lost' | 'refused'
  end: PodEnd
}

/** What its pod was asked for as: what is found by its name is ours only if it has all of it. */
export interface PodIdentity {
  labels: Readonly<Record<string, string>>
  /** With the hash of the pod's spec, as it was when the intent was written. */
  annotations: Readonly<Record<string, string>>
  /** The finalizer that holds it until its end is recorded. */
  finalizer: string
}

/** Of the attempt's row, as it was read last: it may have changed since, so that every write is guarded. */
export interface AttemptFacts {
  /** Its end is published, or somebody else has fenced it. */
  isOver: boolean
  identity: PodIdentity
  /** Of its pod, once that was made and written down, or has passed the start gate. */
  uid: string | null
  /** When it passed its start gate: before, no code of the user can have run. */
  gatePassedAt: number | null
  /** When `main` was first seen running, and ended; by the database's clock, whatever that of the node shows. */
  runningSeenAt: number | null
  endSeenAt: number | null
  cancelAsked: boolean
  ending: Ending | null
  /** Its logs are stored to their end. */
  logsDone: boolean
  /** Until when its code must have started. */
  startBy: number
  /** ms from the start of `main`; null is without. */
  timeoutMs: number | null
  /** ms from the end of `main` within which what it left must be collected. */
  collectMs: number
  /** Seconds that it has between SIGTERM and SIGKILL when it is ended. */
  graceSeconds: number
  /** What happens on a node that does not answer: `assumeDeadMs` after that began its end is published; null: it is waited for. */
  assumeDeadMs: number | null
  /** Since when its pod is seen to be as it is. */
  since: SeenSince
  /** Why the cluster does not take its pod, as far as that may pass. */
  refusal: Told | null
}

/** One that is over, or that nobody knows any more: whatever is left of its pod is to go. */
export interface Forgotten {
  attemptId: string
}

export type Seen =
  /** `isFresh`: by a read of this pod since the facts were read, and not by a view that may be behind. */
  | { kind: 'pod'; pod: unknown; events: unknown; isFresh: boolean }
  /** @property events by the UID of the facts */
  | { kind: 'absent'; events: unknown; isFresh: boolean }

export type OwnPod =
  | { kind: 'absent' }
  /** Of its name, but not of its identity: not ours to touch. */
  | { kind: 'foreign' }
  /** Of its identity, but another than the one that was written down: that one is gone. */
  | { kind: 'other'; uid: string; observed: ObservedPod; finalizers: string[] }
  | { kind: 'own'; uid: string; observed: ObservedPod; finalizers: string[]; verdict: PodVerdict }

const hasAll = (wanted: Readonly<Record<string, string>>, found: unknown): boolean =>
  Object.entries(wanted).every(([name, value]) => shapeOf(found)[name] === value)

const textsOf = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : []

/** Of one that is forgotten, no more is known than whose it is, and that we have made it. */
const identityOf = (facts: AttemptFacts | Forgotten): Pick<PodIdentity, 'labels' | 'annotations'> =>
  'identity' in facts
    ? facts.identity
    : {
        labels: { [`${recommendedPrefix}managed-by`]: 'dagbok' },
        annotations: { [`${ownPrefix}attempt-id`]: facts.attemptId },
      }

export function ownPodOf(facts: AttemptFacts | Forgotten, seen: Seen): OwnPod {
  const observed = seen.kind === 'pod' ? readPod(seen.pod) : null
  if (seen.kind === 'absent' || observed === null) return { kind: 'absent' }
  const metadata = shapeOf(shapeOf(seen.pod)['metadata'])
  const uid = textOf(metadata['uid'])
  const { labels, annotations } = identityOf(facts)
  if (uid === null || !hasAll(labels, metadata['labels']) || !hasAll(annotations, metadata['annotations']))
    return { kind: 'foreign' }
  const found = { uid, observed, finalizers: textsOf(metadata['finalizers']) }
  if ('uid' in facts && facts.uid !== null && facts.uid !== uid) return { kind: 'other', ...found }
  return { kind: 'own', ...found, verdict: explain(seen.pod, seen.events) }
}
