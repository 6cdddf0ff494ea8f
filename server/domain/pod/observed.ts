/**
 * A pod as JSON, read into what the core asks of it. Whatever shape it has, reading it never throws: what is missing, null or
 * of another type reads as not known. Times are ms since the epoch.
 */
import { containerNames } from './build-pod.ts'

export interface Terminated {
  kind: 'terminated'
  exitCode: number | null
  reason: string | null
  message: string | null
  /** null: it never ran. */
  startedAt: number | null
  finishedAt: number | null
}

export type ContainerState =
  | { kind: 'waiting'; reason: string | null; message: string | null }
  | { kind: 'running'; startedAt: number | null }
  | Terminated
  | { kind: 'unknown' }

export interface ObservedContainer {
  name: string
  state: ContainerState
  /** Its end before the last restart. */
  last: Terminated | null
  restarts: number
  /** Whether its runtime ever made it, as far as the kubelet knows. */
  isMade: boolean
}

export interface Condition {
  status: string | null
  reason: string | null
  message: string | null
  at: number | null
}

export interface ObservedPod {
  uid: string | null
  phase: string | null
  reason: string | null
  message: string | null
  node: string | null
  /**
   * When its deletion was asked for, and when its grace is over; null within: it was, but not known when. A kubelet that has ended
   * a deleted pod asks once more, with no grace: where `isLast`, it may first have been asked for before `at`.
   */
  deletion: { at: number | null; overAt: number | null; isLast: boolean } | null
  /** When `activeDeadlineSeconds` is over. */
  deadline: number | null
  conditions: ReadonlyMap<string, Condition>
  main: ObservedContainer | null
  /** In the order in which they run; those that restart for ever are sidecars. */
  init: ObservedContainer[]
  sidecars: ObservedContainer[]
  /** Containers beside `main` that are no sidecars. */
  others: ObservedContainer[]
}

export interface PodEvent {
  reason: string
  message: string | null
  at: number | null
  /** The container that it is about, by the kubelet's `spec.containers{NAME}`. */
  container: string | null
}

type Shape = Readonly<Record<string, unknown>>

const none: Shape = {}
export const shapeOf = (value: unknown): Shape =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Shape) : none
const shapesOf = (value: unknown): Shape[] => (Array.isArray(value) ? Array.from(value, shapeOf) : [])
export const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? value : null
const wholeOf = (value: unknown): number | null =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : null

/** The kubelet writes the epoch for a container that it could not start. */
function timeOf(value: unknown): number | null {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  return at > 0 ? at : null
}

function terminatedOf(value: unknown): Terminated | null {
  if (shapeOf(value) === none) return null
  const { exitCode, reason, message, startedAt, finishedAt } = shapeOf(value)
  return {
    kind: 'terminated',
    exitCode: wholeOf(exitCode),
    reason: textOf(reason),
    message: textOf(message),
    startedAt: timeOf(startedAt),
    finishedAt: timeOf(finishedAt),
  }
}

function stateOf(value: unknown): ContainerState {
  const { waiting, running, terminated } = shapeOf(value)
  const ended = terminatedOf(terminated)
  if (ended !== null) return ended
  if (shapeOf(running) !== none) return { kind: 'running', startedAt: timeOf(shapeOf(running)['startedAt']) }
  if (shapeOf(waiting) === none) return { kind: 'unknown' }
  const { reason, message } = shapeOf(waiting)
  return { kind: 'waiting', reason: textOf(reason), message: textOf(message) }
}

const containerOf = (status: Shape): ObservedContainer => ({
  name: textOf(status['name']) ?? '?',
  state: stateOf(status['state']),
  last: terminatedOf(shapeOf(status['lastState'])['terminated']),
  restarts: Math.max(0, wholeOf(status['restartCount']) ?? 0),
  isMade: textOf(status['containerID']) !== null,
})

function mainOf(spec: Shape, containers: readonly ObservedContainer[]): ObservedContainer | null {
  const [first] = shapesOf(spec['containers'])
  const known = [...shapesOf(spec['containers']), ...containers].some(
    ({ name }) => name === containerNames.main,
  )
  const name = known ? containerNames.main : (textOf(first?.['name']) ?? containers[0]?.name)
  return containers.find((one) => one.name === name) ?? null
}

function deletionOf({ deletionTimestamp, deletionGracePeriodSeconds }: Shape): ObservedPod['deletion'] {
  if (textOf(deletionTimestamp) === null) return null
  // The timestamp is when the grace is over.
  const [over, grace] = [timeOf(deletionTimestamp), wholeOf(deletionGracePeriodSeconds)]
  const at = over === null || grace === null ? null : over - grace * 1000
  return { at, overAt: over, isLast: grace === 0 }
}

const conditionOf = ({ status, reason, message, lastTransitionTime }: Shape): Condition => ({
  status: textOf(status),
  reason: textOf(reason),
  message: textOf(message),
  at: timeOf(lastTransitionTime),
})

/** null when it is no object: the pod is not there. */
export function readPod(json: unknown): ObservedPod | null {
  const pod = shapeOf(json)
  if (pod === none) return null
  const [metadata, spec, status] = [shapeOf(pod['metadata']), shapeOf(pod['spec']), shapeOf(pod['status'])]
  const sidecars = new Set(
    shapesOf(spec['initContainers']).flatMap(({ name, restartPolicy }) =>
      restartPolicy === 'Always' ? [name] : [],
    ),
  )
  const init = shapesOf(status['initContainerStatuses']).map(containerOf)
  const containers = shapesOf(status['containerStatuses']).map(containerOf)
  const main = mainOf(spec, containers)
  const [began, seconds] = [timeOf(status['startTime']), wholeOf(spec['activeDeadlineSeconds'])]
  return {
    uid: textOf(metadata['uid']),
    phase: textOf(status['phase']),
    reason: textOf(status['reason']),
    message: textOf(status['message']),
    node: textOf(spec['nodeName']),
    deletion: deletionOf(metadata),
    deadline: began === null || seconds === null ? null : began + seconds * 1000,
    conditions: new Map(
      shapesOf(status['conditions']).map((one) => [textOf(one['type']) ?? '', conditionOf(one)]),
    ),
    main,
    init: init.filter(({ name }) => !sidecars.has(name)),
    sidecars: init.filter(({ name }) => sidecars.has(name)),
    others: containers.filter((one) => one !== main),
  }
}

function eventOf(event: Shape): PodEvent {
  const about = shapeOf(event['involvedObject'] ?? event['regarding'])
  const times = [
    shapeOf(event['series'])['lastObservedTime'],
    event['lastTimestamp'],
    event['deprecatedLastTimestamp'],
    event['eventTime'],
    event['firstTimestamp'],
  ]
  return {
    reason: textOf(event['reason']) ?? '',
    message: textOf(event['message']) ?? textOf(event['note']),
    at: times.map(timeOf).find((at) => at !== null) ?? null,
    container: /\{(.+)\}$/.exec(textOf(about['fieldPath']) ?? '')?.[1] ?? null,
  }
}

/**
 * Events of a pod, oldest first, of either API of events; those of another pod of the same name are left out.
 * @param json a list of events, or an `EventList`
 */
export function readEvents(json: unknown, uid: string | null): PodEvent[] {
  return shapesOf(Array.isArray(json) ? json : shapeOf(json)['items'])
    .filter((event) => {
      const about = textOf(shapeOf(event['involvedObject'] ?? event['regarding'])['uid'])
      return about === null || uid === null || about === uid
    })
    .map(eventOf)
    .toSorted((a, b) => (a.at ?? 0) - (b.at ?? 0))
}
