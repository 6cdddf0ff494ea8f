/**
 * Tells what an observed pod is, and why (R6). Pure, for any JSON: it never throws, a pod that has ended badly always has a
 * reason, and what is not known is `infrastructure_unknown`, never a success.
 *
 * The order in which an end is asked for its cause: a bound of time, or a node that refused the pod → what came from outside
 * (eviction, preemption, a taint, a lost node, a deletion) before it had ended by itself → a container before `main` → `main` itself
 * → what collects its outputs.
 */
import { containerNames } from './build-pod.ts'
import {
  couldNotStart,
  endOf,
  exitWords,
  failureWords,
  neverRan,
  startFault,
  wasUnseen,
} from './container-end.ts'
import { refusalOf } from './admission.ts'
import { disruptionByEvents, disruptionOf, endedBefore, isNodeSilent, type Disruption } from './disruption.ts'
import { holdingBack } from './holding.ts'
import { readEvents, readPod, type ObservedPod, type PodEvent, type Terminated } from './observed.ts'
import { ended, goesOn, sentence, type PodVerdict, type UserCode } from './verdict.ts'

/** One that is deleted before a node has it is never bound to one, and stays as it is as long as a finalizer holds it. */
const hasEnded = ({ phase, deletion, node }: ObservedPod) =>
  phase === 'Succeeded' || phase === 'Failed' || (phase === 'Pending' && deletion !== null && node === null)

/** What a pod's status says of its containers was written before its node was lost: they may have gone on since. */
const isStale = (pod: ObservedPod): boolean =>
  pod.node !== null &&
  (isNodeSilent(pod) || pod.conditions.get('DisruptionTarget')?.reason === 'DeletionByPodGC')

function userCodeOf(pod: ObservedPod): UserCode {
  const told = toldOfCode(pod)
  return told === 'not_started' && isStale(pod) ? 'may_have_started' : told
}

function toldOfCode({ main, phase, node, init, reason }: ObservedPod): UserCode {
  if (main === null) {
    const before =
      phase === 'Pending' || (phase === 'Failed' && (node === null || refusalOf(reason) !== null))
    return before || init.some(({ state }) => state.kind === 'terminated' && state.exitCode !== 0)
      ? 'not_started'
      : 'may_have_started'
  }
  if (neverRan(main)) return 'not_started'
  const { state, last } = main
  const began = [state, last].some((one) => one?.kind === 'terminated' && one.startedAt !== null)
  return state.kind === 'running' || began ? 'started' : 'may_have_started'
}

/** The end of `main`, if it has one. */
const endOfMain = ({ main }: ObservedPod): Terminated | null =>
  main?.state.kind === 'terminated' ? main.state : null

const nameOfMain = ({ main }: ObservedPod) => main?.name ?? null

/** It is not there, and nobody saw its end; its events may still be. */
function absent(events: readonly PodEvent[]): PodVerdict {
  const seen = disruptionByEvents(events)
  return ended({
    reason: seen?.reason ?? 'infrastructure_unknown',
    message: seen?.message ?? 'Its pod is gone, and nobody saw how it ended.',
    userCode: 'may_have_started',
  })
}

function unfinished(pod: ObservedPod, events: readonly PodEvent[]): PodVerdict {
  const userCode = userCodeOf(pod)
  const isUnder = userCode === 'started' || (userCode === 'may_have_started' && pod.phase !== null)
  const state = isUnder && pod.phase !== 'Pending' ? 'running' : 'pending'
  if (isNodeSilent(pod))
    return goesOn(state, userCode, {
      reason: 'node_lost',
      message: 'Its node does not answer: whether it still runs there is not known.',
    })
  const disruption = disruptionOf(pod, events)
  if (disruption !== null) return goesOn(state, userCode, disruption)
  if (state === 'pending') return goesOn(state, userCode, holdingBack(pod, events))
  return goesOn(state, userCode, null)
}

/** Of one whose end nobody saw, the kubelet makes an exit code up. */
const codeOf = (end: Terminated | null): number | null =>
  end === null || wasUnseen(end) ? null : end.exitCode

function disrupted(pod: ObservedPod, { reason, message }: Disruption): PodVerdict {
  const last = endOfMain(pod)
  const end = last === null || wasUnseen(last) ? null : last
  return ended({
    reason,
    message: end === null ? message : `${message} ${exitWords(end.exitCode)}`,
    container: end === null ? null : nameOfMain(pod),
    exitCode: end?.exitCode ?? null,
    userCode: userCodeOf(pod),
  })
}

function outOfTime(pod: ObservedPod, events: readonly PodEvent[]): PodVerdict {
  const [end, userCode] = [endOfMain(pod), userCodeOf(pod)]
  const held = holdingBack(pod, events)
  const inTime = end?.finishedAt != null && pod.deadline !== null && end.finishedAt < pod.deadline
  const told = { container: nameOfMain(pod), exitCode: codeOf(end), userCode }
  if (userCode === 'not_started')
    return ended({
      reason: held?.reason ?? 'infrastructure_unknown',
      message: `Its pod took longer than allowed before its code had started. ${held?.message ?? ''}`,
      container: held?.container ?? null,
      userCode,
    })
  if (userCode === 'may_have_started')
    return ended({
      ...told,
      reason: 'infrastructure_unknown',
      message: `Its pod took longer than allowed, and whether its code had started is not known. ${pod.message ?? ''}`,
    })
  if (end !== null && inTime && end.exitCode === 0)
    return ended({
      ...told,
      reason: 'storage',
      message: 'It ended with 0, but its pod ran out of time before its outputs were stored.',
    })
  if (end !== null && inTime) return byMain(pod, end)
  return ended({
    ...told,
    reason: 'timeout',
    message: `It took longer than its pod was allowed to. ${pod.message ?? ''}`,
  })
}

/** A container that runs before `main` has failed, and so `main` never ran. */
function byInit(pod: ObservedPod): PodVerdict | null {
  const userCode = userCodeOf(pod)
  if (userCode !== 'not_started') return null
  for (const container of [...pod.init, ...pod.sidecars]) {
    const message = failureWords(container)
    const { state, last, name } = container
    if (message === null) continue
    const end = state.kind === 'terminated' ? state : last
    return ended({
      reason: end !== null && couldNotStart(end) ? startFault(end.message) : 'infrastructure_unknown',
      message,
      container: name,
      exitCode: end?.exitCode ?? null,
      userCode,
    })
  }
  return null
}

function unknown(pod: ObservedPod, exitCode: number | null): PodVerdict {
  const words = [pod.reason, pod.message].filter((one) => one !== null).join(': ')
  return ended({
    reason: 'infrastructure_unknown',
    message: `Its pod ended (${pod.phase}), and it does not say why. ${words === '' ? '' : sentence(words)}`,
    container: nameOfMain(pod),
    exitCode,
    userCode: userCodeOf(pod),
  })
}

/** `main` ended with 0: did all the rest go well? */
function byRest(pod: ObservedPod, end: Terminated): PodVerdict {
  const userCode = userCodeOf(pod)
  const other = pod.others.find(({ state }) => state.kind === 'terminated' && state.exitCode !== 0)
  if (other?.state.kind === 'terminated')
    return ended({
      reason: endOf(other.state)?.reason ?? 'infrastructure_unknown',
      message: `The container ${other.name} failed, beside main. ${exitWords(other.state.exitCode)}`,
      container: other.name,
      exitCode: other.state.exitCode,
      userCode,
    })
  const collector = pod.sidecars.find(({ name }) => name === containerNames.outputs)
  if (collector?.state.kind === 'terminated' && collector.state.exitCode !== 0)
    return ended({
      reason: 'storage',
      message: `It ended with 0, but its outputs were not collected. ${failureWords(collector) ?? ''}`,
      container: collector.name,
      exitCode: collector.state.exitCode,
      userCode,
    })
  if (pod.phase !== 'Succeeded') return unknown(pod, end.exitCode)
  const survived = end.reason === 'OOMKilled'
  return {
    state: 'succeeded',
    reason: null,
    message: survived ? 'A process of it was killed for memory, but it ended with exit code 0.' : null,
    container: nameOfMain(pod),
    exitCode: 0,
    userCode: 'started',
  }
}

function byMain(pod: ObservedPod, end: Terminated): PodVerdict {
  const told = endOf(end)
  if (told === null) return byRest(pod, end)
  return ended({ ...told, container: nameOfMain(pod), exitCode: codeOf(end), userCode: userCodeOf(pod) })
}

/** What ended first of what has to end well: a container before `main` that failed, or `main`. */
function ownEnd({ main, init }: ObservedPod): { name: string; end: Terminated } | null {
  for (const { name, state } of [...init, ...(main === null ? [] : [main])])
    if (state.kind === 'terminated' && (name === main?.name || state.exitCode !== 0))
      return { name, end: state }
  return null
}

/** The disruption, unless its pod had ended by itself before; null: there was none before. */
function byDisruption(pod: ObservedPod, events: readonly PodEvent[]): PodVerdict | null {
  const disruption = disruptionOf(pod, events)
  if (disruption === null) return null
  const own = ownEnd(pod)
  const itself = own !== null && endedBefore(own, pod, disruption, events)
  // With 0, but in a pod that failed: the disruption came before its outputs were stored.
  const isWhole = own?.end.exitCode !== 0 || pod.phase === 'Succeeded'
  return itself && isWhole ? null : disrupted(pod, disruption)
}

function finished(pod: ObservedPod, events: readonly PodEvent[]): PodVerdict {
  // What its node says of the pod itself stays true when it is deleted afterwards.
  if (pod.reason === 'DeadlineExceeded') return outOfTime(pod, events)
  const end = endOfMain(pod)
  const refusal = refusalOf(pod.reason)
  if (refusal !== null && end === null)
    return ended({
      reason: refusal,
      message: `Its node did not take it: ${sentence(pod.message ?? pod.reason ?? '')}`,
      userCode: userCodeOf(pod),
    })
  const byOthers = byDisruption(pod, events) ?? byInit(pod)
  return byOthers ?? (end === null ? unknown(pod, null) : byMain(pod, end))
}

/**
 * @param pod as the API server gives it, or null when it is not there: of whatever shape
 * @param events of this pod, of either API of events: a list, or an `EventList`. Those of another UID are left out; where the pod
 *   is not there, the caller asks for those of the UID that he knew
 */
export function explain(pod: unknown, events: unknown = []): PodVerdict {
  const seen = readPod(pod)
  if (seen === null) return absent(readEvents(events, null))
  const told = readEvents(events, seen.uid)
  return hasEnded(seen) ? finished(seen, told) : unfinished(seen, told)
}
