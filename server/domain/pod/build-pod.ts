/** The pod of an attempt before a patch: from facts alone, the same for the same facts. */
import { literal, expandable } from './expansion.ts'
import type { ContainerSize, PodAttempt, PodDeployment } from './deployment.ts'
import type { Container, Pod } from './manifest.ts'
import type { Env, Resources, SecurityContext, VolumeMount } from './manifest-parts.ts'
import type { Volume } from './manifest-volumes.ts'
import { finalizer, podAnnotations, podLabels, podName, type Sha256 } from './names.ts'
import { pathVariables, podPaths } from './paths.ts'
import type { TaskPod } from './task-pod.ts'

/** The containers that are ours, and the task's. */
export const containerNames = { gate: 'gate', outputs: 'outputs', main: 'main' } as const
/** Of our volumes; and of the secrets that hold tokens. */
export const reservedPrefix = 'dagbok-'
/** Variables of our agent that hold a secret. */
export const tokenVariable = 'DAGBOK_TOKEN'

/** Seconds that a pod has to end in that has nothing to bring away. */
const plainGrace = 30

/** What every container has of the Pod Security Standard *restricted* that cannot be said once for the pod. */
export const restrictedContainer: Readonly<SecurityContext> = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
}

type Place = keyof typeof podPaths
const volumeName = (place: Place) => `${reservedPrefix}${place}`
const mount = (place: Place): VolumeMount => ({ name: volumeName(place), mountPath: podPaths[place] })

/** Whether it needs the version's files: a script or a command runs among them. */
const needsCheckout = ({ action, inputs }: PodAttempt) =>
  action.kind !== 'image' || Object.values(inputs).some(({ kind }) => kind === 'repository_file')
const hasInputs = ({ inputs }: PodAttempt) => Object.keys(inputs).length > 0

/**
 * Whether something is collected when the code has ended. Values and metrics need no declaration, so only an image alone
 * that declares nothing goes without.
 */
export const isCollected = (attempt: PodAttempt): boolean =>
  attempt.action.kind !== 'image' || attempt.reports || hasInputs(attempt)

/** Processors as a quantity: never less than asked for. */
const cpuQuantity = (processors: number): string =>
  Number.isInteger(processors) ? String(processors) : `${Math.ceil(Number((processors * 1000).toFixed(6)))}m`

/** What a container asks for, and has at most. @param more quantities by resource */
export const sized = (
  { cpu, memory, cpuLimit = cpu }: ContainerSize,
  more: Record<string, string> = {},
): Resources => {
  const amounts = { ...more, cpu: cpuQuantity(cpu), memory: String(memory) }
  return { requests: amounts, limits: { ...amounts, cpu: cpuQuantity(cpuLimit) } }
}

/** The agent's own variables: by its pod's id the gate is passed at most once (R1). */
function agentEnv(attempt: PodAttempt, deployment: PodDeployment): Env[] {
  const { token } = attempt
  return [
    { name: 'DAGBOK_ADDRESS', value: literal(deployment.address) },
    { name: 'DAGBOK_ATTEMPT_ID', value: literal(attempt.attemptId) },
    { name: 'DAGBOK_POD_UID', valueFrom: { fieldRef: { fieldPath: 'metadata.uid' } } },
    token.kind === 'secret'
      ? { name: tokenVariable, valueFrom: { secretKeyRef: { name: token.name, key: token.key } } }
      : { name: tokenVariable, value: literal(token.value) },
  ]
}

function agent(
  name: 'gate' | 'outputs',
  places: readonly Place[],
  attempt: PodAttempt,
  deployment: PodDeployment,
): Container {
  return {
    name,
    image: deployment.agent.image,
    args: [name],
    env: agentEnv(attempt, deployment),
    resources: sized(deployment.agent.size),
    ...(places.length === 0 ? {} : { volumeMounts: places.map(mount) }),
    securityContext: { ...restrictedContainer, readOnlyRootFilesystem: true },
    ...(name === 'outputs' ? { restartPolicy: 'Always' } : {}),
  }
}

/** The program: the image's own, or the task's. A shell, an interpreter or a client library of ours is never put before it. */
function program({ action, args, folder }: PodAttempt): Partial<Container> {
  const given = args.map(expandable)
  if (action.kind === 'image') return given.length === 0 ? {} : { args: given }
  const workingDir = folder === '' ? podPaths.checkout : `${podPaths.checkout}/${folder}`
  const command = action.kind === 'command' ? action.command.map(expandable) : action.argv.map(literal)
  return { command, ...(given.length === 0 ? {} : { args: given }), workingDir }
}

function mainContainer(
  attempt: PodAttempt,
  task: TaskPod,
  { defaults }: PodDeployment,
  { image, name: podsName }: { image: string; name: string },
): Container {
  const variables = { ...attempt.env, ...pathVariables(attempt.inputs), DAGBOK_ATTEMPT_ID: attempt.attemptId }
  const size = {
    cpu: attempt.resources.cpu ?? defaults.size.cpu,
    memory: attempt.resources.memory ?? defaults.size.memory,
  }
  const places: Place[] = [
    ...(needsCheckout(attempt) ? (['checkout'] as const) : []),
    ...(hasInputs(attempt) ? (['inputs'] as const) : []),
    'out',
    'report',
    'home',
    'tmp',
  ]
  return {
    name: containerNames.main,
    image,
    ...program(attempt),
    env: [
      ...Object.entries(variables).map(([name, value]) => ({ name, value: literal(value) })),
      ...(attempt.secrets ?? []).map((key) => ({
        name: key,
        valueFrom: { secretKeyRef: { name: podsName, key } },
      })),
    ],
    ...(task.env_from.length === 0 ? {} : { envFrom: task.env_from }),
    resources: sized(size, task.resources),
    volumeMounts: [...places.map(mount), ...task.volume_mounts],
    securityContext: { ...restrictedContainer },
  }
}

function initContainers(attempt: PodAttempt, deployment: PodDeployment): Container[] {
  const brought: Place[] = [
    ...(needsCheckout(attempt) ? (['checkout'] as const) : []),
    ...(hasInputs(attempt) ? (['inputs'] as const) : []),
  ]
  const collected = isCollected(attempt)
  const left: Place[] = ['out', 'report']
  return [
    agent('gate', collected ? [...brought, ...left] : brought, attempt, deployment),
    ...(collected ? [agent('outputs', left, attempt, deployment)] : []),
  ]
}

function volumes(attempt: PodAttempt, task: TaskPod): Volume[] {
  const places = (Object.keys(podPaths) as Place[]).filter(
    (place) => (place !== 'checkout' || needsCheckout(attempt)) && (place !== 'inputs' || hasInputs(attempt)),
  )
  return [...places.map((place) => ({ name: volumeName(place), emptyDir: {} })), ...task.volumes]
}

function placement(task: TaskPod): Partial<Pod['spec']> {
  const { node_selector, tolerations, affinity, priority_class } = task
  return {
    ...(Object.keys(node_selector).length === 0 ? {} : { nodeSelector: node_selector }),
    ...(tolerations.length === 0 ? {} : { tolerations }),
    ...(affinity === null ? {} : { affinity }),
    ...(priority_class === null ? {} : { priorityClassName: priority_class }),
  }
}

/** What every pod of ours has of *restricted*, and whose it is. */
export const podIdentity = (
  { userId }: PodDeployment['defaults'],
  account: string | null,
  pullSecrets: readonly string[],
) => ({
  automountServiceAccountToken: false,
  // Variables of services that happen to be in the namespace are no part of N1.
  enableServiceLinks: false,
  ...(account === null ? {} : { serviceAccountName: account }),
  ...(pullSecrets.length === 0 ? {} : { imagePullSecrets: pullSecrets.map((name) => ({ name })) }),
  securityContext: {
    runAsNonRoot: true,
    runAsUser: userId,
    runAsGroup: userId,
    fsGroup: userId,
    seccompProfile: { type: 'RuntimeDefault' },
  },
})

function specOf(
  attempt: PodAttempt,
  task: TaskPod,
  deployment: PodDeployment,
  pod: { image: string; name: string },
): Pod['spec'] {
  const { serviceAccount, imagePullSecrets, graceSeconds } = deployment.defaults
  const pullSecrets = [...new Set([...imagePullSecrets, ...task.image_pull_secrets])]
  return {
    restartPolicy: 'Never',
    terminationGracePeriodSeconds: isCollected(attempt) ? graceSeconds : plainGrace,
    ...podIdentity(deployment.defaults, task.service_account ?? serviceAccount, pullSecrets),
    ...placement(task),
    initContainers: initContainers(attempt, deployment),
    containers: [mainContainer(attempt, task, deployment, pod)],
    volumes: volumes(attempt, task),
  }
}

/** The pod without the task's patch. @param image what `main` runs */
export function buildPod(
  attempt: PodAttempt,
  task: TaskPod,
  deployment: PodDeployment,
  image: string,
  sha256: Sha256,
): Pod {
  const name = podName(attempt, sha256)
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: deployment.namespace,
      // Where a task sets what is ours, the policy finds it changed.
      labels: { ...podLabels(attempt, deployment.instance, sha256), ...task.labels },
      annotations: { ...podAnnotations(attempt), ...task.annotations },
      finalizers: [finalizer],
    },
    spec: specOf(attempt, task, deployment, { image, name }),
  }
}
