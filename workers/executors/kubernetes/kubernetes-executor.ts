/**
 * The `kubernetes` executor for one cluster: an attempt is a pod (kubernetes.md). What is to be done for it is decided by the
 * core and done by the keeper; here is who is looked after, and when. Pods go on without this process, and the next one finds
 * them again.
 */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { heartbeat } from '#db/queries/attempt.ts'
import { liveAttemptsOf, teamNames, teamOfRun, tokensToEnd } from '#db/queries/pod.ts'
import { digestsOfVersion } from '#db/queries/version-image.ts'
import type { ClusterSettings } from '#server/config/clusters.ts'
import { podLeaseMs, underwayMs } from '#server/config/lease.ts'
import { ownPrefix } from '#server/domain/pod/names.ts'
import { clusterQueue } from '#server/domain/run/deployment.ts'
import type { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import { attemptEnd, type AttemptJob, type AttemptSink, type Executor, type Post } from '../executor.ts'
import type { ClusterClient, PodObject, PodRef } from './cluster-client.ts'
import { ownPods } from './own-pods.ts'
import { podHandleOf } from './pod-handle.ts'
import { PodKeeper } from './pod-keeper.ts'
import { PodLogs } from './pod-logs.ts'
import { planPod } from './pod-plan.ts'
import { PodSecrets } from './pod-secrets.ts'
import { realTiming } from './timing.ts'
import { WatchLoop } from './watch-loop.ts'
import { WorkQueue } from './work-queue.ts'

export interface KubernetesExecutorOptions {
  cluster: ClusterSettings
  client: ClusterClient
  /** The worker's row of the cluster. */
  workerId: string
  db: Database
  artifacts: ArtifactStore
  secrets: Pick<SecretsOfAttempts, 'values' | 'matcherOf'>
  sink: AttemptSink
  /** Called once the attempt holds nothing any more. */
  released: (token: string) => void
  log: Logger
  /** ms between two looks at which attempts are to end. */
  beatMs?: number
  /** ms that bringing away what was left may take. */
  collectMs?: number
}

/** ms between two looks at everything that lives, whatever was heard of it. */
const resyncMs = 30_000
/** ms between two times that leases are prolonged: they last a day. */
const prolongMs = 60_000
/** ms that what is under way gets when the product stops. */
const stopMs = 1000
/** ms for which a cluster that cannot be listed counts as looked after. */
const heardMs = 600_000

const attemptOf = (pod: PodObject): string | null => {
  const annotations = pod.metadata['annotations'] as Record<string, string> | undefined
  return annotations?.[`${ownPrefix}attempt-id`] ?? null
}

export class KubernetesExecutor implements Executor {
  readonly name = 'kubernetes'
  readonly post: Post
  readonly #options: KubernetesExecutorOptions
  readonly #queue: WorkQueue
  readonly #keeper: PodKeeper
  readonly #logs: PodLogs
  readonly #loops = new Map<string, WatchLoop>()
  /** Attempts by the pod that was heard of last under a name. */
  readonly #attempts = new Map<string, string>()
  /** By namespace, why it could not be watched, as it was logged last. */
  readonly #told = new Map<string, string>()
  #timers: NodeJS.Timeout[] = []
  #stopped = false
  #prolongedAt = -Infinity

  constructor(options: KubernetesExecutorOptions) {
    this.#options = options
    const { cluster, workerId, client, db, artifacts, sink, secrets, log } = options
    this.post = {
      own: false,
      queues: [clusterQueue(cluster.name)],
      teamId: null,
      workerId,
      // Until it is submitted: where that fails, and cannot be written, either, nobody waits for a day.
      leaseMs: underwayMs,
    }
    const podSecrets = new PodSecrets({ client, secrets, log })
    this.#logs = new PodLogs({ client, db, artifacts, sink, secrets: podSecrets, log })
    this.#keeper = new PodKeeper({
      cluster: cluster.name,
      assumeDeadMs: cluster.assumeDeadMs,
      collectMs: options.collectMs,
      client,
      db,
      artifacts,
      secrets: podSecrets,
      sink,
      log,
      logs: this.#logs,
      viewed: (ref) => this.#viewed(ref),
      over: ({ token }) => token !== null && options.released(token),
    })
    this.#queue = new WorkQueue({
      work: (id) => this.#keeper.look(id),
      onFault: (id, error) => {
        if (!this.#stopped)
          log.warn({ err: error, attempt: id }, 'a pod could not be looked after; trying again')
      },
    })
  }

  /** What earlier lives left takes places, too: the scheduler does not know of it. */
  get capacity(): number {
    return Math.max(0, this.#options.cluster.pods - this.#keeper.memory.adopted)
  }

  /** Why pods cannot be watched, of one of its namespaces; null: they are. */
  get watchFault(): string | null {
    for (const [namespace, { health }] of this.#loops)
      if (health.failure !== null)
        return `The pods of ${namespace} cannot be watched: ${health.failure.message}`
    return null
  }

  /** Finds what earlier lives left, and begins to watch. What throws here has begun nothing. */
  async start(): Promise<void> {
    try {
      await this.#begin()
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async #begin(): Promise<void> {
    await this.#endClaims()
    await this.#resync()
    for (const team of await teamNames(this.#options.db)) this.#watch(this.#options.cluster.namespaceOf(team))
    const every = (ms: number, work: () => Promise<void>) => {
      const fault = (error: unknown) =>
        this.#options.log.warn({ err: error }, 'a cluster could not be looked at')
      this.#timers.push(setInterval(() => void work().catch(fault), ms))
    }
    every(this.#options.beatMs ?? 5000, () => this.#beat())
    every(resyncMs, () => this.#resync())
  }

  async submit(job: AttemptJob): Promise<void> {
    const { db, cluster, sink, artifacts, released } = this.#options
    const team = await teamOfRun(db, job.runId)
    const plan = planPod(job, cluster, team.name, await digestsOfVersion(db, job.versionId))
    if (plan.pod === null) {
      await sink.ended(job.token, attemptEnd('failed', 'bad_config', plan.faults.join('\n')))
      return released(job.token)
    }
    const { namespace, name } = plan.pod.metadata
    const ref = { namespace, name }
    const { hash } = await artifacts.put(Buffer.from(JSON.stringify(plan.job)))
    // Known here before it is known anywhere: whoever finds the intent without its token gives it up.
    const { secrets } = job
    this.#keeper.memory.remember(job.attemptId, job.token, ref, { manifest: plan.pod, secrets })
    const intent = { ...plan.intent, job: hash, startBy: team.now + plan.startMs }
    const taken = await sink.submitted(job.token, intent)
    this.#watch(namespace)
    if (!taken) return released(job.token)
    await heartbeat(db, [job.token], podLeaseMs)
    this.#queue.add(job.attemptId)
  }

  cancel(token: string, _why: 'cancel' | 'timeout'): void {
    const id = this.#keeper.memory.cancel(token)
    if (id !== null) this.#queue.add(id)
  }

  /** The agent of an attempt has said something that is kept. */
  changed(attemptId: string): void {
    this.#queue.add(attemptId)
  }

  /** Pods of earlier lives go on. */
  endOrphans(): Promise<void> {
    return Promise.resolve()
  }

  /** Pods go on without this process. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const timer of this.#timers) clearInterval(timer)
    this.#timers = []
    for (const loop of this.#loops.values()) loop.stop()
    // What is under way may end well, but the whole product has a few seconds.
    const late = setTimeout(() => this.#keeper.stop(), stopMs)
    await this.#queue.stop().finally(() => clearTimeout(late))
    await this.#logs.close()
  }

  #viewed({ namespace, name }: PodRef): PodObject | null {
    return this.#loops.get(namespace)?.seen(`${namespace}/${name}`) ?? null
  }

  #watch(namespace: string): void {
    if (this.#loops.has(namespace) || this.#stopped) return
    const { client, cluster, log } = this.#options
    const loop: WatchLoop = new WatchLoop({
      source: client,
      selection: { namespace, selector: ownPods(cluster) },
      onKeys: (keys) => this.#heard(loop, namespace, keys),
      onFault: (error) => log.warn({ err: error, namespace }, 'a cluster could not be watched; trying again'),
    })
    this.#loops.set(namespace, loop)
    void loop.run()
  }

  #heard(loop: WatchLoop, namespace: string, keys: readonly string[]): void {
    for (const key of keys) {
      const pod = loop.pods.get(key)
      const id = (pod === undefined ? null : attemptOf(pod)) ?? this.#attempts.get(key) ?? null
      if (id === null) continue
      if (pod === undefined) this.#attempts.delete(key)
      else this.#attempts.set(key, id)
      this.#keeper.memory.found(id, { namespace, name: key.slice(namespace.length + 1) })
      this.#queue.add(id)
    }
  }

  /** What an earlier life had claimed, and not come to say anything of: no pod was asked for. */
  async #endClaims(): Promise<void> {
    const { db, sink, workerId } = this.#options
    const lost = attemptEnd('lost', 'worker_lost', 'Dagbok was ended before it had asked for its pod.')
    for (const { token, handle } of await liveAttemptsOf(db, workerId))
      if (podHandleOf(handle) === null) await sink.ended(token, lost)
  }

  /** Everything that lives is looked at, whatever was heard of it (R5). */
  async #resync(): Promise<void> {
    for (const { id, token, handle } of await liveAttemptsOf(this.#options.db, this.#options.workerId)) {
      const known = podHandleOf(handle)
      if (known === null) continue
      this.#keeper.memory.adopt(id, token, { namespace: known.namespace, name: known.pod })
      this.#watch(known.namespace)
      this.#queue.add(id)
    }
    for (const id of this.#keeper.memory.ids()) this.#queue.add(id)
  }

  /** Hears which are to end, and prolongs the leases of those that are looked after. */
  async #beat(): Promise<void> {
    this.#tellFaults()
    const { db, workerId } = this.#options
    for (const token of await tokensToEnd(db, workerId)) this.cancel(token, 'cancel')
    const now = realTiming.elapsed()
    if (now - this.#prolongedAt < prolongMs) return
    // Of a cluster that nobody can look at, and of what fails each time, the leases end after a day (R2).
    const tokens = this.#keeper.memory.tokens(({ namespace }) => {
      const { listedAt = null } = this.#loops.get(namespace)?.health ?? {}
      return listedAt !== null && now - listedAt < heardMs
    })
    for (let at = 0; at < tokens.length; at += 5000)
      await heartbeat(db, tokens.slice(at, at + 5000), podLeaseMs)
    if (tokens.length > 0) this.#prolongedAt = now
  }

  /** A cluster that cannot be watched is told once for each reason, and when it is watched again. */
  #tellFaults(): void {
    const { log } = this.#options
    for (const [namespace, { health }] of this.#loops) {
      const { failure: err } = health
      if ((err?.message ?? '') === (this.#told.get(namespace) ?? '')) continue
      this.#told.set(namespace, err?.message ?? '')
      if (err === null) log.info({ namespace }, 'the pods of a namespace are watched again')
      else log.warn({ err, namespace }, 'the pods of a namespace cannot be watched; trying again')
    }
  }
}
