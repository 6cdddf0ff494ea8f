/** Makes the Deployment of one image, and keeps it as it is to be. */
import type { Database } from '#db/client.ts'
import { digestsOfVersion } from '#db/queries/version-image.ts'
import { specOf } from '#db/queries/version.ts'
import { digestsOfImage, workersOfToken, type WarmDemand, type WarmWorker } from '#db/queries/warm-pool.ts'
import type { ClusterSettings } from '#server/config/clusters.ts'
import type { WarmReport } from '#server/domain/pod/cluster-report.ts'
import { specHashAnnotation } from '#server/domain/pod/names.ts'
import { pinned } from '#server/domain/pod/image-digest.ts'
import {
  scaled,
  warmDeployment,
  warmPatch,
  warmTokenVariable,
  type Lull,
  type WarmFacts,
  type WarmPool,
} from '#server/domain/pod/warm-deployment.ts'
import { queueOfImage, warmImageOf, type WarmImage } from '#server/domain/pod/warm-image.ts'
import type { PodObject } from '../cluster-client.ts'
import { sha256 } from '../pod-plan.ts'
import type { DeploymentObject, Deployments } from './deployments.ts'
import { ownWorkers } from './remove-pools.ts'
import { nameOfQueue, type WarmTokens } from './warm-tokens.ts'
import type { WorkerPods } from './worker-pods.ts'

interface Options {
  cluster: ClusterSettings
  deployments: Deployments
  db: Database
  pods: WorkerPods
  tokens: WarmTokens
  elapsed: () => number
  /** Ends what a cluster was asked. */
  signal: AbortSignal
}

/** ms between two times that is asked what holds pods back. */
const askMs = 5000

const main = ({ spec }: DeploymentObject) => spec.template.spec.containers[0]

/** A Deployment's token, from its own pods' environment; null: it has none. */
export const tokenOf = (deployment: DeploymentObject): string | null =>
  main(deployment)?.env?.find(({ name }) => name === warmTokenVariable)?.value ?? null

export class PoolKeeper {
  readonly #options: Options
  readonly #lulls = new Map<string, Lull>()
  /** By Deployment, what held its pods back, and when that was asked. */
  readonly #held = new Map<string, { at: number; why: string | null }>()

  constructor(options: Options) {
    this.#options = options
  }

  get #pool(): WarmPool {
    const { warmPool } = this.#options.cluster
    if (warmPool === null) throw new Error('a cluster without a warm pool keeps no workers')
    return warmPool
  }

  /** @returns null: there is nothing to be told of it. @throws ClusterError `conflict` when it was changed meanwhile */
  async keep(deployment: DeploymentObject, facts: WarmFacts, live: number): Promise<WarmReport | null> {
    const { deployments, db, elapsed, pods } = this.#options
    const { metadata, spec, status } = deployment
    const workers = await workersOfToken(db, facts.tokenId)
    const replicas = this.#wanted(deployment, live, workers)
    if (replicas === null) {
      await deployments.delete(metadata, this.#options.signal)
      this.#held.delete(metadata.uid)
      return null
    }
    const there = spec.replicas === 0 && status.replicas === 0 ? [] : await this.#pods(deployment, workers)
    if (replicas < spec.replicas) await pods.rank(there, workers, this.#options.signal)
    await this.#mend(deployment, facts, replicas)
    await pods.note(there, facts)
    if (live === 0) return null
    const asked = this.#held.get(metadata.uid)
    const isDue = asked === undefined || elapsed() - asked.at >= askMs
    const why = isDue ? await pods.heldBack(there, this.#options.signal) : asked.why
    if (isDue) this.#held.set(metadata.uid, { at: elapsed(), why })
    const refused = status.conditions.find(
      ({ type, status: is }) => type === 'ReplicaFailure' && is === 'True',
    )
    const none = status.readyReplicas === 0 ? (refused?.message ?? null) : null
    return { image: facts.image, ready: status.readyReplicas, held: why ?? none }
  }

  /** How many there are to be; null: the Deployment goes. */
  #wanted({ metadata, spec }: DeploymentObject, live: number, workers: readonly WarmWorker[]): number | null {
    const full = workers.filter(({ isFull }) => isFull).length
    const busy = workers.filter(({ held }) => held > 0).length
    const { replicas, lull } = scaled(this.#pool, {
      // One that takes nothing for want of room on its disk is as good as none.
      live: live === 0 ? 0 : live + full * this.#pool.slots,
      busy,
      replicas: spec.replicas,
      lull: this.#lulls.get(metadata.uid) ?? null,
      now: this.#options.elapsed(),
    })
    if (lull === null) this.#lulls.delete(metadata.uid)
    else this.#lulls.set(metadata.uid, lull)
    return replicas
  }

  #pods({ metadata }: DeploymentObject, workers: readonly WarmWorker[]): Promise<readonly PodObject[]> {
    const selector = `${ownWorkers(this.#options.cluster)},dagbok.dev/pool=${metadata.name}`
    return this.#options.pods.look({ namespace: metadata.namespace, selector }, workers, this.#options.signal)
  }

  async #mend(deployment: DeploymentObject, facts: WarmFacts, replicas: number): Promise<void> {
    const { cluster, deployments } = this.#options
    const { metadata, spec } = deployment
    const wanted = warmDeployment(
      {
        ...facts,
        cluster: cluster.name,
        token: tokenOf(deployment) ?? '',
        pulled: await this.#pulled(deployment, facts, replicas),
        pool: this.#pool,
        deployment: { ...cluster.deploymentOf(''), namespace: metadata.namespace },
      },
      sha256,
    )
    const isOld = metadata.annotations[specHashAnnotation] !== wanted.metadata.annotations[specHashAnnotation]
    if (!isOld && replicas === spec.replicas) return
    await deployments.patch(
      metadata,
      isOld ? warmPatch(wanted, replicas) : { spec: { replicas } },
      this.#options.signal,
    )
  }

  /**
   * What pods are made of: a tag stays one while no more pods are made of it, for another template would have those that are there
   * replaced; pods that are made when the digest is known are made of that (N10).
   */
  async #pulled(
    deployment: DeploymentObject,
    { image, versionId }: WarmFacts,
    replicas: number,
  ): Promise<string> {
    if (versionId === null) return image
    const digest = (await digestsOfVersion(this.#options.db, versionId)).get(image)
    const exact = digest === undefined ? image : pinned(image, digest)
    const { replicas: before } = deployment.spec
    return before > 0 && replicas <= before && main(deployment)?.image === image ? image : exact
  }

  /** Its token is made before, and kept where it cannot be made. @throws ClusterError */
  async make(namespace: string, demand: WarmDemand): Promise<WarmReport> {
    const { deployments, cluster, tokens, db } = this.#options
    const { queueKey, live } = demand
    const image = await this.#imageOf(demand)
    if (image === null)
      return { image: null, ready: 0, held: 'Nobody knows any more which image that is: start a new run.' }
    const { id: tokenId, secret: token } = await tokens.of(demand, image.image)
    const { versionId } = image
    const digest = versionId === null ? undefined : (await digestsOfVersion(db, versionId)).get(image.image)
    const { spec, ...made } = warmDeployment(
      {
        ...image,
        queueKey,
        tokenId,
        cluster: cluster.name,
        token,
        pulled: digest === undefined ? image.image : pinned(image.image, digest),
        pool: this.#pool,
        deployment: { ...cluster.deploymentOf(demand.team), namespace },
      },
      sha256,
    )
    const { replicas } = scaled(this.#pool, { live, busy: 0, replicas: 0, lull: null, now: 0 })
    await deployments.create(namespace, { ...made, spec: { replicas, ...spec } }, this.#options.signal)
    tokens.used(queueKey)
    return { image: image.image, ready: 0, held: null }
  }

  /** What the queue of a demand stands for; null: nothing that its version says. */
  async #imageOf({ queueKey, versionId, task }: WarmDemand): Promise<WarmImage | null> {
    const { db, cluster } = this.#options
    const written = (await specOf(db, versionId))?.tasks.find(({ id }) => id === task)?.image ?? null
    if (written === null) return null
    const digests = await digestsOfImage(db, versionId, written)
    const candidates = [new Map<string, string>(), ...digests.map((digest) => new Map([[written, digest]]))]
    return (
      candidates
        .map((known) => warmImageOf(written, versionId, known))
        .find((one) => queueOfImage(cluster.name, one, sha256) === nameOfQueue(queueKey)) ?? null
    )
  }
}
