/**
 * The Deployment of workers that stand in one image: what is asked for, and how many of them there are to be (kubernetes.md, "Warm
 * pool"). Pure.
 */
import { canonicalJson } from '../json.ts'
import { containerNames, podIdentity, restrictedContainer, sized } from './build-pod.ts'
import type { ContainerSize, PodDeployment } from './deployment.ts'
import { literal } from './expansion.ts'
import { labelValue, ownPrefix, recommendedPrefix, specHashAnnotation, type Sha256 } from './names.ts'
import { ownFolder } from './paths.ts'
import type { WarmImage } from './warm-image.ts'

/** What a cluster says of its workers. */
export interface WarmPool {
  /** Of one image, at most. */
  workers: number
  /** Tasks that each carries out at once. */
  slots: number
  size: ContainerSize
  /** ms after which one without work ends. */
  idleMs: number
  /** Seconds that its tasks have to end in when it is told to. */
  drainSeconds: number
}

/** What is kept with a Deployment, and read from it again. */
export interface WarmFacts extends WarmImage {
  /** The queue of its workers, with its team. */
  queueKey: string
  /** The worker token that they come with. */
  tokenId: string
}

export interface WarmGiven extends WarmFacts {
  cluster: string
  /** Of that token. It is in the Deployment: whoever may read those of the team's namespace may be a worker of this queue. */
  token: string
  /** What its pods are made of: the image by its digest, once that is known. */
  pulled: string
  pool: WarmPool
  deployment: PodDeployment
}

/** Which pods and Deployments of a namespace are workers of this product on this cluster: a label selector. */
export const warmLabels = (cluster: string, instance: string, sha256: Sha256): Record<string, string> => ({
  [`${recommendedPrefix}managed-by`]: 'dagbok-pool',
  [`${recommendedPrefix}instance`]: labelValue(instance, sha256),
  [`${ownPrefix}cluster`]: labelValue(cluster, sha256),
})

export const selectorOf = (labels: Readonly<Record<string, string>>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${value}`)
    .join(',')

/** The same for the same queue of the same product. */
export const warmName = (instance: string, queueKey: string, sha256: Sha256): string =>
  `dagbok-pool-${sha256(canonicalJson([instance, queueKey])).slice(0, 16)}`

export const warmTokenVariable = 'DAGBOK_WORKER_TOKEN'
/** By it a worker's pod is found again. */
export const machineVariable = 'DAGBOK_WORKER_MACHINE'
const places = { files: `${ownFolder}/files`, work: `${ownFolder}/work`, tmp: '/tmp' } as const
const volume = (name: keyof typeof places) => `dagbok-${name}`
const annotation = (name: string) => `${ownPrefix}${name}`

/** Seconds that a worker has beside its drain, to say that it goes. */
const farewell = 60

const nameOfQueue = (queueKey: string) => queueKey.slice(queueKey.indexOf('/') + 1)

function mainContainer({ pulled, token, pool, deployment, queueKey }: WarmGiven) {
  return {
    name: containerNames.main,
    image: pulled,
    command: [`${places.files}/node`, `${places.files}/worker.mjs`],
    args: [
      `--server=${literal(deployment.address)}`,
      `--queue=${nameOfQueue(queueKey)}`,
      `--slots=${pool.slots}`,
      `--drain=${pool.drainSeconds}s`,
      `--data-dir=${places.work}`,
    ],
    env: [
      { name: warmTokenVariable, value: literal(token) },
      { name: 'HOME', value: places.work },
      { name: machineVariable, valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    ],
    resources: sized(pool.size),
    volumeMounts: [
      { name: volume('files'), mountPath: places.files, readOnly: true },
      { name: volume('work'), mountPath: places.work },
      { name: volume('tmp'), mountPath: places.tmp },
    ],
    securityContext: restrictedContainer,
  }
}

/** Brings our Node and the worker: the image has neither. */
function filesContainer({ deployment }: WarmGiven) {
  return {
    name: 'files',
    image: deployment.agent.image,
    args: ['worker-files', places.files],
    resources: sized(deployment.agent.size),
    volumeMounts: [{ name: volume('files'), mountPath: places.files }],
    securityContext: { ...restrictedContainer, readOnlyRootFilesystem: true },
  }
}

function podSpec(given: WarmGiven) {
  const { deployment, pool } = given
  const { serviceAccount, imagePullSecrets } = deployment.defaults
  return {
    ...podIdentity(deployment.defaults, serviceAccount, imagePullSecrets),
    terminationGracePeriodSeconds: pool.drainSeconds + farewell,
    // What tasks leave behind is somebody's child: the first process of the pod takes it, and no worker of ours is that.
    shareProcessNamespace: true,
    initContainers: [filesContainer(given)],
    containers: [mainContainer(given)],
    volumes: (Object.keys(places) as (keyof typeof places)[]).map((name) => ({
      name: volume(name),
      emptyDir: {},
    })),
  }
}

/** Of the Deployment without how many there are to be. */
export function warmDeployment(given: WarmGiven, sha256: Sha256) {
  const { cluster, deployment, queueKey, image, versionId, tokenId } = given
  const { instance, namespace } = deployment
  const name = warmName(instance, queueKey, sha256)
  const labels = { ...warmLabels(cluster, instance, sha256), [`${ownPrefix}pool`]: name }
  const spec = podSpec(given)
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: {
      name,
      namespace,
      labels,
      annotations: {
        [annotation('queue')]: queueKey,
        [annotation('image')]: image,
        [annotation('version')]: versionId ?? '',
        [annotation('token-id')]: tokenId,
        [specHashAnnotation]: sha256(canonicalJson(JSON.parse(JSON.stringify(spec)))),
      },
    },
    spec: {
      revisionHistoryLimit: 0,
      // One that starts and ends at once is none that others may go for.
      minReadySeconds: 10,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: 0, maxSurge: '25%' } },
      selector: { matchLabels: { [`${ownPrefix}pool`]: name } },
      template: { metadata: { labels }, spec },
    },
  }
}
export type WarmDeployment = ReturnType<typeof warmDeployment>

/** What a Deployment says of itself; null: it is none of ours. */
export function warmFactsOf(annotations: Readonly<Record<string, string>>): WarmFacts | null {
  const { [annotation('queue')]: queueKey, [annotation('image')]: image } = annotations
  const { [annotation('token-id')]: tokenId, [annotation('version')]: versionId } = annotations
  if (queueKey === undefined || image === undefined || tokenId === undefined) return null
  return {
    queueKey,
    image,
    tokenId,
    versionId: versionId === undefined || versionId === '' ? null : versionId,
  }
}

/** What a merge patch takes away where it is not said any more. */
const mayGo = { serviceAccountName: null, serviceAccount: null, imagePullSecrets: null }

/** What makes a Deployment that is there the wanted one. @param replicas null: as many as there are */
export function warmPatch({ metadata, spec }: WarmDeployment, replicas: number | null): object {
  const { selector: _, template, ...rest } = spec
  return {
    metadata: { annotations: metadata.annotations },
    spec: {
      ...rest,
      template: { ...template, spec: { ...mayGo, ...template.spec } },
      ...(replicas === null ? {} : { replicas }),
    },
  }
}

/** How much less is wanted than there is, and since when. */
export interface Lull {
  /** ms of a clock that never goes back. */
  since: number
  /** The most that was wanted since then. */
  most: number
}

/** ms that a Deployment without workers stays, since its image may be wanted again. */
export const unusedMs = 3_600_000

/**
 * How many workers there are to be: at once as many as there is work for, and fewer once that was enough for `idleMs`, but never fewer
 * than have something to do.
 * @param live task runs of its queue that wait, start or run
 * @param busy workers that hold attempts
 * @param now ms of a clock that never goes back
 * @returns replicas; null: the Deployment goes
 */
export function scaled(
  { workers, slots, idleMs }: WarmPool,
  {
    live,
    busy,
    replicas,
    lull,
    now,
  }: { live: number; busy: number; replicas: number; lull: Lull | null; now: number },
): { replicas: number | null; lull: Lull | null } {
  const wanted = Math.max(Math.min(busy, replicas), Math.min(workers, Math.ceil(live / slots)))
  if (wanted > replicas || (wanted === replicas && wanted > 0)) return { replicas: wanted, lull: null }
  const { since, most } = lull ?? { since: now, most: wanted }
  const peak = Math.max(most, wanted)
  if (replicas === 0)
    return now - since >= unusedMs ? { replicas: null, lull: null } : { replicas, lull: { since, most: 0 } }
  return now - since >= idleMs
    ? { replicas: peak, lull: peak === 0 ? { since: now, most: 0 } : null }
    : { replicas, lull: { since, most: peak } }
}
