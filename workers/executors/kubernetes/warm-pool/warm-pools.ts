/**
 * Has workers where tasks of the pool ask for an image: a Deployment for each image of a team, with as many workers as there is work
 * for, and none when there is none (kubernetes.md, "Warm pool"). What is to be is a function of what lies in the queues and of what
 * is there: it may be asked at any time, and all that is remembered here is since when there is less to do.
 */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { specOf } from '#db/queries/version.ts'
import { digestsOfVersion } from '#db/queries/version-image.ts'
import { goodTokens, warmDemand, type WarmDemand } from '#db/queries/warm-pool.ts'
import { teamNames } from '#db/queries/pod.ts'
import type { ClusterSettings } from '#server/config/clusters.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { specHashAnnotation } from '#server/domain/pod/names.ts'
import type { WarmReport } from '#server/domain/pod/cluster-report.ts'
import {
  scaled,
  warmDeployment,
  warmFactsOf,
  warmTokenVariable,
  type Lull,
  type WarmFacts,
  type WarmPool,
} from '#server/domain/pod/warm-deployment.ts'
import { queueOfImage, warmImageOf, type WarmImage } from '#server/domain/pod/warm-image.ts'
import { createWorkerToken, revokeWorkerToken } from '#server/services/worker/worker-tokens.ts'
import type { AttemptSink } from '../../executor.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { ClusterError } from '../cluster-error.ts'
import { sha256 } from '../pod-plan.ts'
import { realTiming } from '../timing.ts'
import type { DeploymentObject, Deployments } from './deployments.ts'
import { ownWorkers } from './remove-pools.ts'
import { WorkerPods } from './worker-pods.ts'

export interface WarmPoolsOptions {
  cluster: ClusterSettings
  pool: WarmPool
  deployments: Deployments
  client: ClusterClient
  db: Database
  sink: AttemptSink
  log: Logger
  /** ms between two looks. */
  lookMs?: number
  /** ms of a clock that never goes back. */
  elapsed?: () => number
}

/** ms between two looks at what lies in the queues. */
const usualLookMs = 1000
/** ms between two looks at namespaces where nobody asks for anything. */
const allMs = 60_000

const nameOfQueue = (queueKey: string) => queueKey.slice(queueKey.indexOf('/') + 1)

/** Of a Deployment: its token, from its own pods' environment. */
const tokenOf = ({ spec }: DeploymentObject): string | null =>
  spec.template.spec.containers[0]?.env?.find(({ name }) => name === warmTokenVariable)?.value ?? null

export class WarmPools {
  readonly #options: WarmPoolsOptions
  readonly #pods: WorkerPods
  readonly #selector: string
  readonly #elapsed: () => number
  readonly #stopped = new AbortController()
  readonly #lulls = new Map<string, Lull>()
  /** Namespaces with workers, or Deployments that may have some again. */
  #busy = new Set<string>()
  #allAt = -Infinity
  /** By queue. */
  #reports = new Map<string, WarmReport>()
  /** By namespace, what was logged last. */
  readonly #told = new Map<string, string>()
  #loop: Promise<void> = Promise.resolve()

  constructor(options: WarmPoolsOptions) {
    this.#options = options
    const { cluster, client, db, sink, log } = options
    this.#pods = new WorkerPods({ cluster: cluster.name, client, db, sink, log })
    this.#selector = ownWorkers(cluster)
    this.#elapsed = options.elapsed ?? realTiming.elapsed
  }

  /** By queue, what there is of workers. */
  get reports(): Record<string, WarmReport> {
    return Object.fromEntries(this.#reports)
  }

  start(): void {
    this.#loop = this.#work()
  }

  /** Workers go on without this process. */
  async stop(): Promise<void> {
    this.#stopped.abort(new Error('stopped'))
    await this.#loop
  }

  async #work(): Promise<void> {
    const { signal } = this.#stopped
    while (!signal.aborted) {
      await this.look().catch((error: unknown) => {
        if (!signal.aborted)
          this.#options.log.warn({ err: error }, 'workers of images could not be looked after')
      })
      await new Promise<void>((done) => {
        const over = () => (clearTimeout(timer), done())
        const timer = setTimeout(over, this.#options.lookMs ?? usualLookMs)
        signal.addEventListener('abort', over, { once: true })
      })
    }
  }

  /** Does what is to be done now. One namespace that cannot be looked at holds up no other. */
  async look(): Promise<void> {
    const { db, cluster } = this.#options
    const demand = await warmDemand(db, cluster.name)
    const byNamespace = Map.groupBy(demand, ({ team }) => cluster.namespaceOf(team))
    const places = new Set([...byNamespace.keys(), ...this.#busy])
    if (this.#elapsed() - this.#allAt >= allMs) {
      for (const team of await teamNames(db)) places.add(cluster.namespaceOf(team))
      this.#allAt = this.#elapsed()
    }
    const reports = new Map<string, WarmReport>()
    for (const namespace of places)
      await this.#serve(namespace, byNamespace.get(namespace) ?? [], reports).catch((error: unknown) =>
        this.#failed(namespace, byNamespace.get(namespace) ?? [], error, reports),
      )
    this.#reports = reports
  }

  #failed(
    namespace: string,
    demand: readonly WarmDemand[],
    error: unknown,
    reports: Map<string, WarmReport>,
  ): void {
    if (this.#stopped.signal.aborted) return
    const held = error instanceof Error ? error.message : String(error)
    for (const { queueKey } of demand)
      reports.set(queueKey, { image: this.#reports.get(queueKey)?.image ?? null, ready: 0, held })
    if (this.#told.get(namespace) === held) return
    this.#told.set(namespace, held)
    this.#options.log.warn({ err: error, namespace }, 'workers of images could not be looked after')
  }

  async #serve(
    namespace: string,
    demand: readonly WarmDemand[],
    reports: Map<string, WarmReport>,
  ): Promise<void> {
    const { deployments, db } = this.#options
    const { signal } = this.#stopped
    const there = await deployments.list(namespace, this.#selector, signal)
    const live = new Map(demand.map((one) => [one.queueKey, one]))
    const known = there.flatMap((deployment) => {
      const facts = warmFactsOf(deployment.metadata.annotations)
      const going = deployment.metadata.deletionTimestamp !== undefined
      return facts === null || going ? [] : [{ deployment, facts }]
    })
    const good = await goodTokens(
      db,
      known.map(({ facts }) => facts.tokenId),
    )
    let left = 0
    for (const { deployment, facts } of known) {
      const kept = good.has(facts.tokenId) && tokenOf(deployment) !== null
      if (!kept) await deployments.delete(deployment.metadata, signal)
      else if (await this.#keep(deployment, facts, live.get(facts.queueKey)?.live ?? 0, reports)) left++
      live.delete(facts.queueKey)
    }
    for (const one of live.values()) {
      await this.#make(namespace, one, reports)
      left++
    }
    if (left > 0) this.#busy.add(namespace)
    else this.#busy.delete(namespace)
    this.#told.delete(namespace)
  }

  /** @returns whether it stays */
  async #keep(
    deployment: DeploymentObject,
    facts: WarmFacts,
    live: number,
    reports: Map<string, WarmReport>,
  ): Promise<boolean> {
    const { deployments, pool, db, cluster } = this.#options
    const { signal } = this.#stopped
    const { metadata, spec, status } = deployment
    const lull = this.#lulls.get(metadata.uid) ?? null
    const next = scaled(pool, { live, replicas: spec.replicas, lull, now: this.#elapsed() })
    if (next.lull === null) this.#lulls.delete(metadata.uid)
    else this.#lulls.set(metadata.uid, next.lull)
    if (next.replicas === null) {
      await deployments.delete(metadata, signal)
      await revokeWarmToken(db, facts)
      return false
    }
    const team = teamOf(cluster, metadata.namespace, await teamNames(db))
    const wanted = warmDeployment(
      {
        ...facts,
        cluster: cluster.name,
        token: tokenOf(deployment) ?? '',
        pool,
        deployment: cluster.deploymentOf(team),
      },
      sha256,
    )
    const isOld = metadata.annotations[specHashAnnotation] !== wanted.metadata.annotations[specHashAnnotation]
    if (isOld || next.replicas !== spec.replicas)
      await deployments.patch(
        metadata,
        isOld
          ? {
              metadata: { annotations: wanted.metadata.annotations },
              spec: { ...wanted.spec, selector: undefined, replicas: next.replicas },
            }
          : { spec: { replicas: next.replicas } },
        signal,
      )
    if (next.replicas === 0 && status.replicas === 0 && spec.replicas === 0) return true
    const selector = `${this.#selector},dagbok.dev/pool=${metadata.name}`
    const held = await this.#pods.look({ namespace: metadata.namespace, selector, facts }, signal)
    const refused = status.conditions.find(
      ({ type, status: is }) => type === 'ReplicaFailure' && is === 'True',
    )
    if (live > 0)
      reports.set(facts.queueKey, {
        image: facts.image,
        ready: status.readyReplicas,
        held: held ?? (status.readyReplicas === 0 ? (refused?.message ?? null) : null),
      })
    return true
  }

  async #make(namespace: string, demand: WarmDemand, reports: Map<string, WarmReport>): Promise<void> {
    const { deployments, cluster, pool, db } = this.#options
    const { queueKey, team, teamId, live } = demand
    const image = await this.#imageOf(demand)
    reports.set(queueKey, { image: image?.image ?? null, ready: 0, held: null })
    if (image === null) return
    const name = `${image.image.slice(0, 60)} on ${cluster.name}`
    const { id: tokenId, secret: token } = await createWorkerToken(db, { teamId, createdBy: null, name })
    try {
      const made = warmDeployment(
        {
          ...image,
          queueKey,
          tokenId,
          cluster: cluster.name,
          token,
          pool,
          deployment: cluster.deploymentOf(team),
        },
        sha256,
      )
      const { replicas } = scaled(pool, { live, replicas: 0, lull: null, now: 0 })
      await deployments.create(namespace, { ...made, spec: { replicas, ...made.spec } }, this.#stopped.signal)
    } catch (error) {
      await revokeWarmToken(db, { queueKey, tokenId })
      // One that is being deleted goes before the next is made.
      if (error instanceof ClusterError && error.code === 'already_exists') return
      throw error
    }
  }

  /** What the queue of a demand stands for; null: the version's digests say another image by now, and its next look another queue. */
  async #imageOf({ queueKey, versionId, task }: WarmDemand): Promise<WarmImage | null> {
    const { db, cluster } = this.#options
    const written = (await specOf(db, versionId))?.tasks.find(({ id }) => id === task)?.image ?? null
    if (written === null) return null
    const candidates = [
      warmImageOf(written, versionId, await digestsOfVersion(db, versionId)),
      warmImageOf(written, versionId, new Map()),
    ]
    const queue = nameOfQueue(queueKey)
    return candidates.find((one) => queueOfImage(cluster.name, one, sha256) === queue) ?? null
  }
}

/** Whose namespace it is. */
const teamOf = (cluster: ClusterSettings, namespace: string, teams: readonly string[]): string =>
  teams.find((team) => cluster.namespaceOf(team) === namespace) ?? ''

/** Its workers are refused from now on; somebody may have done that already. */
export async function revokeWarmToken(
  db: Database,
  { queueKey, tokenId }: Pick<WarmFacts, 'queueKey' | 'tokenId'>,
): Promise<void> {
  const teamId = queueKey.slice(0, queueKey.indexOf('/'))
  try {
    await revokeWorkerToken(db, { teamId, userId: null, id: tokenId })
  } catch (error) {
    if (!(error instanceof DagbokError && error.code === 'not_found')) throw error
  }
}
