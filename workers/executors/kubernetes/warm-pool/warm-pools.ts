/**
 * Has workers where tasks of the pool ask for an image: a Deployment for each image of a team, with as many workers as there is work
 * for, and none when there is none (docs/kubernetes.md, "Warm pool"). What is to be is a function of what lies in the queues and of
 * what is there: it may be asked at any time, and all that is remembered here is since when there is less to do.
 */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { teamsById } from '#db/queries/pod.ts'
import {
  warmDemand,
  warmTokens,
  workersOfToken,
  type WarmDemand,
  type WarmToken,
} from '#db/queries/warm-pool.ts'
import type { ClusterSettings } from '#server/config/clusters.ts'
import type { WarmReport } from '#server/domain/pod/cluster-report.ts'
import { warmFactsOf, warmName } from '#server/domain/pod/warm-deployment.ts'
import type { AttemptSink } from '../../executor.ts'
import type { ClusterClient } from '../cluster-client.ts'
import { ClusterError } from '../cluster-error.ts'
import { sha256 } from '../pod-plan.ts'
import { pause, realTiming } from '../timing.ts'
import type { DeploymentObject, Deployments } from './deployments.ts'
import { PoolKeeper, tokenOf } from './pool-keeper.ts'
import { ownWorkers } from './remove-pools.ts'
import { Tries } from './tries.ts'
import { nameOfQueue, teamOfQueue, WarmTokens } from './warm-tokens.ts'
import { WorkerPods } from './worker-pods.ts'

export interface WarmPoolsOptions {
  cluster: ClusterSettings
  deployments: Deployments
  client: ClusterClient
  db: Database
  sink: AttemptSink
  /** Told of each worker whose pod is gone: nothing more is to be handed to it. */
  workerGone: (workerId: string) => void
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

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** One look at everything that is to be looked at now. */
interface Look {
  demand: Map<string, WarmDemand[]>
  tokens: ReadonlyMap<string, WarmToken>
  /** By its id, the name of each. */
  teams: ReadonlyMap<string, string>
  reports: Map<string, WarmReport>
  /** Tokens that Deployments have. */
  used: Set<string>
  /** Namespaces that could not be looked at. */
  failed: number
}

export class WarmPools {
  readonly #options: WarmPoolsOptions
  readonly #pods: WorkerPods
  readonly #keeper: PoolKeeper
  readonly #tokens: WarmTokens
  readonly #tries: Tries
  readonly #selector: string
  readonly #instance: string
  readonly #elapsed: () => number
  readonly #stopped = new AbortController()
  /** Namespaces with Deployments. */
  readonly #busy = new Set<string>()
  #allAt = -Infinity
  /** By queue. */
  #reports = new Map<string, WarmReport>()
  #loop: Promise<void> = Promise.resolve()

  constructor(options: WarmPoolsOptions) {
    this.#options = options
    const { cluster, db } = options
    this.#elapsed = options.elapsed ?? realTiming.elapsed
    this.#tries = new Tries(this.#elapsed)
    this.#pods = new WorkerPods({ ...options, cluster: cluster.name })
    this.#tokens = new WarmTokens(db, cluster.name)
    this.#keeper = new PoolKeeper({
      ...options,
      elapsed: this.#elapsed,
      pods: this.#pods,
      tokens: this.#tokens,
      signal: this.#stopped.signal,
    })
    this.#instance = cluster.deploymentOf('').instance
    this.#selector = ownWorkers(cluster)
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
    const { cluster, lookMs = usualLookMs, log } = this.#options
    // Of a cluster that is to have none, only what an earlier setting has left is looked for.
    const every = cluster.warmPool === null ? Math.max(lookMs, allMs / 4) : lookMs
    while (!signal.aborted) {
      try {
        if (await this.look()) return
      } catch (error) {
        if (!signal.aborted) log.warn({ err: error }, 'workers of images could not be looked after')
      }
      await pause(realTiming, every, signal)
    }
  }

  /** Does what is to be done now. @returns whether there is nothing left of a cluster that is to have no workers */
  async look(): Promise<boolean> {
    const { db, cluster } = this.#options
    const isWanted = cluster.warmPool !== null
    const asked = isWanted ? await warmDemand(db, cluster.name) : []
    const look: Look = {
      demand: Map.groupBy(asked, ({ team }) => cluster.namespaceOf(team)),
      tokens: new Map((await warmTokens(db, cluster.name)).map((one) => [one.id, one])),
      teams: await teamsById(db),
      reports: new Map(),
      used: new Set(),
      failed: 0,
    }
    const isWhole = !isWanted || this.#elapsed() - this.#allAt >= allMs
    const all = isWhole ? [...look.teams.values()].map((team) => cluster.namespaceOf(team)) : []
    for (const namespace of new Set([...look.demand.keys(), ...this.#busy, ...all]))
      await this.#serve(namespace, look)
    this.#reports = look.reports
    if (!isWhole || look.failed > 0) return false
    this.#allAt = this.#elapsed()
    await this.#sweep(look)
    return !isWanted && this.#busy.size === 0 && look.tokens.size === 0
  }

  /** One namespace that cannot be looked at holds up no other. */
  async #serve(namespace: string, look: Look): Promise<void> {
    const { deployments, cluster, log } = this.#options
    try {
      const there = await deployments.list(namespace, this.#selector, this.#stopped.signal)
      this.#tries.succeeded(namespace)
      if (there.length + (look.demand.get(namespace)?.length ?? 0) > 0) this.#busy.add(namespace)
      else this.#busy.delete(namespace)
      await this.#settle(namespace, there, look)
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      // Who may not look for them, and has made none, has none.
      const isNone = error instanceof ClusterError && error.code === 'forbidden' && look.tokens.size === 0
      if (cluster.warmPool === null && isNone) return
      look.failed++
      for (const { queueKey } of look.demand.get(namespace) ?? [])
        look.reports.set(queueKey, { image: null, ready: 0, held: wordsOf(error) })
      if (this.#tries.failed(namespace, wordsOf(error)))
        log.warn({ err: error, namespace }, 'workers of images could not be looked after')
    }
  }

  async #settle(namespace: string, there: readonly DeploymentObject[], look: Look): Promise<void> {
    const { deployments, cluster } = this.#options
    const { signal } = this.#stopped
    const left = new Map(
      (look.demand.get(namespace) ?? []).map((one) => [warmName(this.#instance, one.queueKey, sha256), one]),
    )
    for (const deployment of there) {
      const { metadata } = deployment
      const demand = left.get(metadata.name)
      left.delete(metadata.name)
      const facts = warmFactsOf(metadata.annotations)
      // One that is going is waited for: the next one has its name.
      if (metadata.deletionTimestamp !== undefined) {
        if (facts !== null) look.used.add(facts.tokenId)
      } else if (facts === null || cluster.warmPool === null || !this.#isOurs(namespace, deployment, look))
        await deployments.delete(metadata, signal)
      else {
        look.used.add(facts.tokenId)
        await this.#try(facts.queueKey, look, facts.image, () =>
          this.#keeper.keep(deployment, facts, demand?.live ?? 0),
        )
      }
    }
    for (const demand of left.values())
      await this.#try(demand.queueKey, look, null, () => this.#keeper.make(namespace, demand))
  }

  /** Whether its token is good, and is that of its queue; what it says of itself may have been written by others. */
  #isOurs(namespace: string, deployment: DeploymentObject, { tokens, teams }: Look): boolean {
    const facts = warmFactsOf(deployment.metadata.annotations)
    const token = facts === null ? undefined : tokens.get(facts.tokenId)
    if (facts === null || token === undefined || tokenOf(deployment) === null) return false
    const team = teams.get(token.teamId)
    return (
      token.queue === nameOfQueue(facts.queueKey) &&
      token.teamId === teamOfQueue(facts.queueKey) &&
      team !== undefined &&
      this.#options.cluster.namespaceOf(team) === namespace
    )
  }

  /** What fails for one image holds up no other, and is tried less and less often. */
  async #try(
    queueKey: string,
    look: Look,
    image: string | null,
    work: () => Promise<WarmReport | null>,
  ): Promise<void> {
    const { log } = this.#options
    const told = this.#reports.get(queueKey)
    if (!this.#tries.isDue(queueKey)) {
      const held = this.#tries.whyNot(queueKey)
      look.reports.set(queueKey, { image: image ?? told?.image ?? null, ready: told?.ready ?? 0, held })
      return
    }
    try {
      const report = await work()
      if (report !== null) look.reports.set(queueKey, report)
      this.#tries.succeeded(queueKey)
    } catch (error) {
      if (this.#stopped.signal.aborted) return
      // It was changed by somebody else meanwhile: the next look sees how.
      if (error instanceof ClusterError && error.code === 'conflict') return
      const held = wordsOf(error)
      look.reports.set(queueKey, { image: image ?? told?.image ?? null, ready: told?.ready ?? 0, held })
      if (this.#tries.failed(queueKey, held))
        log.warn({ err: error, queue: queueKey }, 'the workers of an image could not be looked after')
    }
  }

  /** Tokens that no Deployment has go with the last worker that came with them. */
  async #sweep({ tokens, teams, used }: Look): Promise<void> {
    const { db, cluster } = this.#options
    for (const token of tokens.values()) {
      if (used.has(token.id) || this.#tokens.isSpare(token.id)) continue
      const workers = await workersOfToken(db, token.id)
      if (workers.length === 0) {
        await this.#tokens.revoke(token)
        continue
      }
      const team = teams.get(token.teamId) ?? ''
      const place = { namespace: cluster.namespaceOf(team), selector: this.#selector }
      await this.#pods.look(place, workers, this.#stopped.signal)
    }
  }
}
