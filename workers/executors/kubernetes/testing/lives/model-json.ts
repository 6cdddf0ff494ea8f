/** A pod of the model as an API server gives it: as much of it as anybody here reads. */
import { identity } from './model-row.ts'

/** What runs on the node under a UID. */
export interface Containers {
  uid: string
  gate: 'new' | 'passed' | 'refused'
  main: 'new' | 'running' | 'ended'
  startedAt: number
  finishedAt: number
  exitCode: number
  collector: 'running' | 'ended'
  /** SIGTERM has come. */
  isTold: boolean
}

export interface ModelPod {
  uid: string
  isOurs: boolean
  hasFinalizer: boolean
  isBound: boolean
  deletion: { at: number; graceSeconds: number } | null
  disruption: { at: number; reason: string } | null
  silentSince: number | null
  /** Of the containers, as the kubelet has told last; `Failed` also by the control plane. */
  told: Containers | null
  phase: 'Pending' | 'Running' | 'Succeeded' | 'Failed'
}

export const iso = (ms: number): string => new Date(ms).toISOString()

const condition = (type: string, ok: boolean, at: number, reason?: string) => ({
  type,
  status: ok ? 'True' : 'False',
  lastTransitionTime: iso(at),
  ...(reason === undefined ? {} : { reason }),
})

function stateOf(kind: 'new' | 'running' | 'ended', { startedAt, finishedAt, exitCode }: Containers): object {
  if (kind === 'new') return { waiting: { reason: 'PodInitializing' } }
  if (kind === 'running') return { running: { startedAt: iso(startedAt) } }
  const times = { startedAt: iso(startedAt), finishedAt: iso(finishedAt) }
  return { terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error', ...times } }
}

function statusesOf(told: Containers): object {
  const gate =
    told.gate === 'new'
      ? { running: { startedAt: iso(told.startedAt) } }
      : { terminated: { exitCode: told.gate === 'passed' ? 0 : 7, reason: 'Completed' } }
  const collector = told.collector === 'running' ? { running: {} } : { terminated: { exitCode: 0 } }
  return {
    initContainerStatuses: [
      { name: 'gate', state: gate },
      { name: 'outputs', state: collector },
    ],
    containerStatuses: [{ name: 'main', state: stateOf(told.main, told) }],
  }
}

/** What the control plane has written of it, by its own clock. */
function skewed(pod: ModelPod, skewMs: number): ModelPod {
  const { deletion, disruption, silentSince } = pod
  return {
    ...pod,
    deletion: deletion === null ? null : { ...deletion, at: deletion.at + skewMs },
    disruption: disruption === null ? null : { ...disruption, at: disruption.at + skewMs },
    silentSince: silentSince === null ? null : silentSince + skewMs,
  }
}

function conditionsOf({ disruption, silentSince, told }: ModelPod): object[] {
  const isUp = told?.main === 'running'
  return [
    ...(disruption === null ? [] : [condition('DisruptionTarget', true, disruption.at, disruption.reason)]),
    silentSince === null
      ? condition('Ready', isUp, 1, isUp ? undefined : 'ContainersNotReady')
      : condition('Ready', false, silentSince, isUp ? undefined : 'ContainersNotReady'),
    condition('ContainersReady', isUp, 1),
  ]
}

/** @param skewMs how far the clock of the control plane is ahead */
export function toJson(real: ModelPod, skewMs: number): unknown {
  const pod = skewed(real, skewMs)
  const { uid, isOurs, hasFinalizer, deletion, isBound, phase, told } = pod
  const overAt = deletion === null ? 0 : deletion.at + deletion.graceSeconds * 1000
  const gone =
    deletion === null
      ? {}
      : { deletionTimestamp: iso(overAt), deletionGracePeriodSeconds: deletion.graceSeconds }
  return {
    metadata: {
      uid,
      ...(isOurs ? { labels: identity.labels, annotations: identity.annotations } : {}),
      finalizers: hasFinalizer ? [identity.finalizer] : [],
      ...gone,
    },
    spec: {
      ...(isBound ? { nodeName: 'node-1' } : {}),
      initContainers: [{ name: 'gate' }, { name: 'outputs', restartPolicy: 'Always' }],
      containers: [{ name: 'main' }],
    },
    status: { phase, conditions: conditionsOf(pod), ...(told === null ? {} : statusesOf(told)) },
  }
}
