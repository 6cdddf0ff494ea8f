/** What a task says of its pod, as the spec wants it: made into a pod once, to find here what a cluster would refuse later. */
import type { Task } from '../../dag/spec.ts'
import { plainAgentSize, plainDefaults, type PodAttempt, type PodDeployment } from '../../pod/deployment.ts'
import { podOfAttempt } from '../../pod/pod-of-attempt.ts'
import { isQualifiedName, isQuantity } from '../../pod/syntax.ts'
import { anything } from '../../pod/policy/allowed.ts'
import { quantityWords } from '../../pod/policy/words.ts'
import type { TaskPod } from '../../pod/task-pod.ts'
import { podKeys } from '../keys/pod-keys.ts'
import { entry, toJson, type Located, type Span } from '../located.ts'
import { mostFaults } from './report.ts'
import { placeInNotebook, placeInPatch } from './pod-places.ts'
import type { KeyOf } from './scope.ts'

interface Reading {
  /** The task's own cell. */
  root: Located
  key: KeyOf
  fault: (at: Span, message: string) => void
  /** Where keys are not of their shape, which is told already. */
  misshapen: readonly Span[]
}

const names = podKeys.map(({ name }) => name)

/** Keys of `resources` that only a pod has. */
const isExtra = (name: string) => name !== 'cpu' && name !== 'memory'
const extras = (key: KeyOf) => {
  const located = key('resources')
  return located?.kind === 'map' ? [...located.entries].filter(([name]) => isExtra(name)) : []
}

/**
 * Keys of pods where the task is none: its own are faults, and those among the defaults are for its sisters, once it says
 * that it is something else.
 */
export function refusePodKeys({ root, key, fault }: Reading, why: string): void {
  const said = key('executor')
  for (const name of names) {
    const own = root.kind === 'map' ? root.entries.get(name)?.key : undefined
    const at = own ?? (said === null ? key(name) : null)
    if (at !== null) fault(at, `\`${name}\` is of a pod: ${why}`)
  }
  refuseExtras({ root, key, fault }, why)
}

/** Resources that only a cluster has. */
function refuseExtras({ root, key, fault }: Pick<Reading, 'root' | 'key' | 'fault'>, why: string): void {
  if (key('executor') !== null && entry(root, 'resources') === null) return
  for (const [name, { key: at }] of extras(key)) fault(at, `\`resources.${name}\` is of a pod: ${why}`)
}

/** Whether an expression stands in a value, which is told: what a pod is asked for is the same in every run. */
function hasExpression(located: Located, fault: Reading['fault']): boolean {
  if (located.kind === 'scalar') {
    if (typeof located.value !== 'string' || !located.value.includes('${{')) return false
    fault(located, 'expressions are not read here: what a pod is asked for is the same in every run')
    return true
  }
  const inner =
    located.kind === 'list' ? located.items : [...located.entries.values()].map(({ value }) => value)
  return inner.map((one) => hasExpression(one, fault)).includes(true)
}

function resourceFault(name: string, amount: string): string | null {
  if (!isQuantity(amount)) return `'${amount}' ${quantityWords}`
  return name.includes('/') && !/^[0-9]+$/.test(amount) ? `\`${name}\` is counted in whole numbers` : null
}

/** Those that are sound; what is wrong with another is told. */
function resourcesOf({ key, fault }: Reading): Record<string, string> {
  const found = extras(key).flatMap(([name, { key: at, value }]): [string, string][] => {
    const amount = value.kind === 'scalar' ? String(value.value) : ''
    const resource = name === 'ephemeral_storage' ? 'ephemeral-storage' : name
    const why = resourceFault(resource, amount)
    if (!isQualifiedName(resource))
      fault(at, `'${name}' is no name of a resource: write it as nvidia.com/gpu`)
    else if (why === null) return [[resource, amount]]
    else fault(value, why)
    return []
  })
  return Object.fromEntries(found)
}

/** As written: what is in it was checked by the schema of its key, or is when the pod is. */
function taskPod(reading: Reading): TaskPod {
  const json = (name: string) => {
    const located = reading.key(name)
    return located === null ? null : toJson(located)
  }
  const text = (name: string) => {
    const value = json(name)
    return typeof value === 'string' ? value : null
  }
  const list = (name: string): unknown[] => {
    const value = json(name)
    return Array.isArray(value) ? value : []
  }
  const map = (name: string): Record<string, unknown> | null => {
    const value = json(name)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? value : null
  }
  return {
    cluster: text('cluster'),
    resources: resourcesOf(reading),
    env_from: list('env_from'),
    node_selector: map('node_selector') ?? {},
    tolerations: list('tolerations'),
    affinity: map('affinity'),
    priority_class: text('priority_class'),
    service_account: text('service_account'),
    image_pull_secrets: list('image_pull_secrets'),
    volumes: list('volumes'),
    volume_mounts: list('volume_mounts'),
    labels: map('labels') ?? {},
    annotations: map('annotations') ?? {},
    patch: map('pod'),
  } as TaskPod
}

const isIn = (inner: Span, outer: Span) => outer.start <= inner.start && inner.end <= outer.end

/** Stands for what is not known before there is a run: nothing of it is in what can be wrong. */
const someDeployment: PodDeployment = {
  namespace: 'team',
  instance: 'dagbok',
  agent: { image: 'dagbok/agent', size: plainAgentSize },
  address: 'https://dagbok.invalid',
  defaults: plainDefaults,
}
const someAction = (action: Task['action']): PodAttempt['action'] =>
  action.kind === 'command' || action.kind === 'image' ? action : { kind: 'script', argv: ['(the script)'] }

const someAttempt = (
  task: Pick<Task, 'id' | 'folder' | 'args' | 'env' | 'secrets' | 'action' | 'resources'>,
  image: string,
): PodAttempt => ({
  attemptId: 'attempt',
  token: { kind: 'secret', name: 'dagbok-token', key: 'token' },
  runId: 'run',
  dag: 'dag',
  versionId: 'version',
  task: task.id,
  key: null,
  n: 1,
  folder: task.folder,
  action: someAction(task.action),
  args: task.args,
  image,
  env: task.env,
  ...(task.secrets === undefined ? {} : { secrets: task.secrets }),
  inputs: {},
  reports: true,
  resources: task.resources,
})

/**
 * Tells what is wrong with the pod of a task, each at its place; gives what the task says of it, undefined where that is
 * nothing. What only an admin can allow is not asked here: it may be another for each team, and tomorrow.
 */
export function podOfTask(
  reading: Reading,
  task: Pick<Task, 'id' | 'folder' | 'args' | 'env' | 'secrets' | 'action' | 'resources' | 'image'>,
  idSpan: Span,
): TaskPod | undefined {
  const { key, fault, misshapen } = reading
  const said = names.map((name) => key(name)).filter((located) => located !== null)
  const read = [...said, ...[key('resources'), key('image')].filter((located) => located !== null)]
  if (read.some((located) => misshapen.some((span) => isIn(span, located)))) return undefined
  if (said.map((located) => hasExpression(located, fault)).includes(true)) return undefined
  const pod = taskPod(reading)
  const image = task.image === null || task.image.includes('${{') ? 'image' : task.image
  const made = podOfAttempt({
    attempt: someAttempt(task, image),
    task: pod,
    deployment: someDeployment,
    allowance: anything,
    sha256: () => '0'.repeat(64),
  })
  const patch = key('pod')
  const told = made.pod === null ? made.faults.map((words, index) => ({ words, at: made.at[index] })) : []
  // A report tells no more.
  for (const { words, at } of told.slice(0, mostFaults + 1)) {
    const inPatch = at?.in === 'patch' && patch !== null ? placeInPatch(patch, at.fault.path) : null
    const inPod =
      at?.in === 'pod' && made.pod === null ? placeInNotebook(key, made.refused, at.fault.path) : null
    fault(inPatch ?? inPod ?? patch ?? idSpan, words)
  }
  return said.length === 0 && Object.keys(pod.resources).length === 0 ? undefined : pod
}
