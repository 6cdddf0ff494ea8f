/** Ends that come from outside a pod: evicted, preempted, a taint, a lost node, deleted by someone. */
import type { Reason } from '../run/states.ts'
import type { ObservedPod, PodEvent, Terminated } from './observed.ts'
import { sentence } from './verdict.ts'

export interface Disruption {
  reason: Reason
  message: string
  /** When it began; null is not known. */
  at: number | null
  /** Whether it may have begun before. */
  isVague: boolean
}

/** `status.reason` of a pod that its kubelet has ended. */
const byKubelet: Readonly<Record<string, [Reason, string]>> = {
  Evicted: ['evicted', 'Its pod was evicted from its node.'],
  Preempting: ['preempted', 'Its pod made room on its node for a critical one.'],
  Terminated: ['evicted', 'Its node was shut down, and its pod with it.'],
  Shutdown: ['evicted', 'Its node was shut down, and its pod with it.'],
  NodeShutdown: ['evicted', 'Its node was being shut down.'],
  NodeLost: ['node_lost', 'Its node was lost.'],
}

/** Reasons of the condition `DisruptionTarget`. */
const targets: Readonly<Record<string, [Reason, string]>> = {
  PreemptionByScheduler: ['preempted', 'Its pod made room for one of higher priority.'],
  DeletionByTaintManager: ['evicted', 'Its node got a taint that its pod does not tolerate.'],
  EvictionByEvictionAPI: ['evicted', 'Its pod was evicted by an administrator, or by a drain of its node.'],
  DeletionByPodGC: ['node_lost', 'Its node is gone, and its pod was collected.'],
  TerminationByKubelet: ['evicted', 'Its pod was ended by its node.'],
}

const found = (table: Readonly<Record<string, [Reason, string]>>, key: string | null) =>
  key !== null && Object.hasOwn(table, key) ? table[key] : undefined

const withWords = (told: string, words: string | null) =>
  words === null ? told : `${told} ${sentence(words)}`

/**
 * Whether the control plane has not heard of the pod's node for too long: it then sets `Ready` of its pods to false, without a
 * reason, and leaves `ContainersReady` as the kubelet wrote it last.
 */
export function isNodeSilent({ phase, conditions }: ObservedPod): boolean {
  if (phase === 'Unknown') return true
  const ready = conditions.get('Ready')
  return (
    ready?.status === 'False' && ready.reason === null && conditions.get('ContainersReady')?.status === 'True'
  )
}

/** The taint of a node that does not answer is told by the same reason as any other. */
function isByLostNode(pod: ObservedPod, reason: string | null, events: readonly PodEvent[]): boolean {
  return (
    reason === 'DeletionByTaintManager' &&
    (isNodeSilent(pod) || events.some((one) => one.reason === 'NodeNotReady'))
  )
}

function targetOf(pod: ObservedPod, events: readonly PodEvent[]): Disruption | null {
  const target = pod.conditions.get('DisruptionTarget')
  if (target?.status !== 'True') return null
  const { reason, message, at } = target
  if (isByLostNode(pod, reason, events))
    return {
      reason: 'node_lost',
      message: withWords('Its node did not answer any more.', message),
      at,
      isVague: false,
    }
  const [told, words] = found(targets, reason) ?? [
    'evicted',
    `Its pod was disrupted (${reason ?? 'no reason'}).`,
  ]
  return { reason: told, message: withWords(words, message), at, isVague: false }
}

/** What has ended the pod from outside, or is about to; null: nothing has. The most exact word wins. */
export function disruptionOf(pod: ObservedPod, events: readonly PodEvent[]): Disruption | null {
  const target = targetOf(pod, events)
  const kubelet = found(byKubelet, pod.reason)
  if (kubelet !== undefined) {
    const [reason, words] = kubelet
    return { reason, message: withWords(words, pod.message), at: target?.at ?? null, isVague: false }
  }
  if (target !== null) return target
  if (pod.deletion === null) return null
  return {
    reason: 'deleted_by_hand',
    message: 'Its pod was deleted by someone.',
    at: pod.deletion.at,
    isVague: pod.deletion.isLast,
  }
}

/** Exit codes after the signals with which a kubelet ends a container. */
const ofSignals: readonly (number | null)[] = [137, 143]

/** ms within which a kubelet asks for the last time for the deletion of a pod that it has ended, with much to spare. */
const lastAskMs = 10_000

/** When the last of its containers ended, as its node says. */
function lastEnd({ main, init, sidecars, others }: ObservedPod): number {
  const all = [...init, ...sidecars, ...others, ...(main === null ? [] : [main])]
  return Math.max(
    ...all.map(({ state }) => (state.kind === 'terminated' ? (state.finishedAt ?? Infinity) : 0)),
  )
}

/** Whether the kubelet's events of this container have come: then the one that it was stopped would have, too. */
const isTold = (name: string, events: readonly PodEvent[]) =>
  events.some((one) => one.reason === 'Started' && one.container === name)

/**
 * Whether a container ended by itself before the disruption began. Only what is certain counts: clocks of a node and of the control
 * plane may differ, and are of whole seconds, so that what ended with a kubelet's signal, or was told to stop, did not.
 */
export function endedBefore(
  { name, end }: { name: string; end: Terminated },
  pod: ObservedPod,
  { at, isVague }: Disruption,
  events: readonly PodEvent[],
): boolean {
  const { finishedAt, exitCode, reason } = end
  if (at === null || finishedAt === null || finishedAt >= at) return false
  if (ofSignals.includes(exitCode) && reason !== 'OOMKilled') return false
  if (isVague && !isTold(name, events) && at - lastEnd(pod) <= lastAskMs) return false
  return !events.some(
    (one) => one.reason === 'Killing' && one.container === name && (one.at ?? 0) <= finishedAt,
  )
}

/** What the events of a pod that is not there any more tell of its end; the last word wins. */
const told: Readonly<Record<string, [Reason, string]>> = {
  Preempted: ['preempted', 'Its pod made room for one of higher priority.'],
  Evicted: ['evicted', 'Its pod was evicted from its node.'],
  TaintManagerEviction: ['evicted', 'Its node got a taint that its pod does not tolerate.'],
  NodeNotReady: ['node_lost', 'Its node did not answer any more.'],
  DeletingNode: ['node_lost', 'Its node is gone, and its pod was collected.'],
}

export function disruptionByEvents(events: readonly PodEvent[]): Disruption | null {
  const lost = events.findLast((one) => one.reason === 'NodeNotReady')
  // The taint manager tells of an eviction that it calls off under the same name.
  const word = (one: PodEvent) =>
    found(told, one.reason) !== undefined && one.message?.startsWith('Cancel') !== true
  const last = lost ?? events.findLast(word)
  const [reason, words] = found(told, last?.reason ?? null) ?? []
  if (last === undefined || reason === undefined || words === undefined) return null
  return { reason, message: withWords(words, last.message), at: last.at, isVague: false }
}
