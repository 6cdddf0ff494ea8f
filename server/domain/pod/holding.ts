/** What holds a pod back before its code runs. None of it is an end: it may pass, and `start_timeout` bounds it. */
import { containerNames } from './build-pod.ts'
import { failedPull, waitsForImage, whyNotPulled } from './image-pull.ts'
import { failureWords, neverRan, startFault, type Told } from './container-end.ts'
import type { ObservedContainer, ObservedPod, PodEvent } from './observed.ts'
import { sentence } from './verdict.ts'

export interface Held extends Told {
  container: string | null
  exitCode: number | null
}

/** A container that cannot be made as it is configured. */
const config: ReadonlySet<string> = new Set([
  'CreateContainerConfigError',
  'CreateContainerError',
  'RunContainerError',
])
/** What its author can put right, in words of the kubelet. */
const ofAuthor =
  /(secret|configmap|persistentvolumeclaim|serviceaccount) "[^"]*" (not found|is forbidden)|couldn't find key|references non-existent|runAsNonRoot|non-numeric user|will run as root|invalid (variable|name)|not found in ConfigMap|not found in Secret/i

/** Whoever has written the task may know nothing of the others. */
const ofImage = (name: string, words: string): string =>
  name === containerNames.main ? words : `The image of the container ${name}: ${words}`

/** Of one that was not made when its pod was ended, the status no longer says why. */
function byPull(name: string, events: readonly PodEvent[]): Held | null {
  if (failedPull(name, events) === null) return null
  const message = ofImage(name, whyNotPulled(name, { reason: null, message: null }, events))
  return { reason: 'image_pull', message, container: name, exitCode: null }
}

function byContainer(container: ObservedContainer, events: readonly PodEvent[]): Held | null {
  const { name, state, last } = container
  if (state.kind === 'terminated' && neverRan(container)) return byPull(name, events)
  if (state.kind !== 'waiting') return null
  const { reason, message } = state
  const told = { container: name, exitCode: null }
  if (waitsForImage(reason))
    return { ...told, reason: 'image_pull', message: ofImage(name, whyNotPulled(name, state, events)) }
  if (reason !== null && config.has(reason)) {
    const words = message ?? reason
    const byName = reason === 'CreateContainerConfigError' || ofAuthor.test(words)
    return {
      ...told,
      reason: byName ? 'bad_config' : startFault(words),
      message: `The container ${name} cannot be made: ${sentence(words)}`,
    }
  }
  const failed = failureWords(container)
  if (reason !== 'CrashLoopBackOff' && failed === null) return null
  return {
    container: name,
    exitCode: last?.exitCode ?? null,
    reason: 'infrastructure_unknown',
    message:
      failed ?? `The container ${name} fails again and again: ${sentence(message ?? 'no reason is told')}`,
  }
}

/** Events of a pod that stands still on its node without a word in its status. */
const standing: ReadonlySet<string> = new Set([
  'FailedMount',
  'FailedAttachVolume',
  'FailedMapVolume',
  'FailedCreatePodSandBox',
  'FailedCreatePodContainer',
  'NetworkNotReady',
  'FailedSync',
])

/** Events of one that has come further. */
const further: ReadonlySet<string> = new Set(['Pulling', 'Pulled', 'Created', 'Started'])

function byEvent(events: readonly PodEvent[]): Held | null {
  const last = events.findLast(({ reason }) => standing.has(reason) || further.has(reason))
  if (last === undefined || further.has(last.reason)) return null
  const words = last.message ?? last.reason
  return {
    reason: ofAuthor.test(words) ? 'bad_config' : 'infrastructure_unknown',
    message: `Its pod cannot be made ready: ${sentence(words)}`,
    container: null,
    exitCode: null,
  }
}

const held = (reason: Told['reason'], message: string): Held => ({
  reason,
  message,
  container: null,
  exitCode: null,
})

function byScheduler({ conditions, node }: ObservedPod, events: readonly PodEvent[]): Held | null {
  const scheduled = conditions.get('PodScheduled')
  if (scheduled?.status === 'True' || node !== null) return null
  if (scheduled?.status === 'False') {
    const words = scheduled.message ?? scheduled.reason
    return held(
      'unschedulable',
      words === null ? 'No node could take it.' : `No node could take it: ${sentence(words)}`,
    )
  }
  const last = events.findLast(({ reason }) => reason === 'FailedScheduling')
  if (last === undefined) return null
  return held(
    'unschedulable',
    `No node could take it: ${sentence(last.message ?? 'the scheduler does not say why')}`,
  )
}

/** null: nothing is known to be wrong. */
export function holdingBack(pod: ObservedPod, events: readonly PodEvent[]): Held | null {
  const unscheduled = byScheduler(pod, events)
  if (unscheduled !== null) return unscheduled
  const containers = [...pod.init, ...pod.sidecars, ...(pod.main === null ? [] : [pod.main]), ...pod.others]
  for (const container of containers) {
    const found = byContainer(container, events)
    if (found !== null) return found
  }
  return byEvent(events)
}
