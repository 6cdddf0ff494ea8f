/**
 * Looks after one cluster while no other process of the product does: one alone creates pods and reads their logs, any may do it
 * next. The lock is the database's, and goes with this process.
 */
import { createHash } from 'node:crypto'
import { SessionLock } from '#db/session-lock.ts'
import { registerWorker, tellCluster, workerAlive } from '#db/queries/worker.ts'
import { clusterQueue } from '#server/domain/run/deployment.ts'
import { reportOf } from './cluster-report.ts'
import { realTiming } from './timing.ts'
import type { Deployments } from './warm-pool/deployments.ts'
import { WarmPools } from './warm-pool/warm-pools.ts'
import { KubernetesExecutor, type KubernetesExecutorOptions } from './kubernetes-executor.ts'

interface Options extends Omit<KubernetesExecutorOptions, 'workerId'> {
  databaseUrl: string
  scheduler: {
    serve: (executor: KubernetesExecutor) => void
    retire: (executor: KubernetesExecutor) => void
  }
  /** Of its API server, as its kubeconfig has it; may throw. */
  address: () => string
  /** Of its workers of the pool. */
  deployments: Deployments
  /** Told of each of those whose pod is gone. */
  workerGone: (workerId: string) => void
  /** ms between two tries to be the one. */
  tryMs?: number
  /** ms between two times that its cluster is asked who it is. */
  reportMs?: number
}

/** ms. */
const usualReportMs = 15_000

const bytesOf = (text: string): Buffer => createHash('sha256').update(text).digest()

/** The row of a cluster among workers: the same for every life of the product. */
export function workerIdOf(cluster: string): string {
  const hex = bytesOf(`dagbok cluster ${cluster}`).toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`
}

export class ClusterHost {
  readonly #options: Options
  readonly #lock: SessionLock
  readonly #workerId: string
  #executor: KubernetesExecutor | null = null
  #pools: WarmPools | null = null
  #toldPools = ''
  #timer: NodeJS.Timeout | undefined
  #turn: Promise<void> = Promise.resolve()
  readonly #stopped = new AbortController()
  #report: Promise<void> | null = null
  #reportedAt = -Infinity

  constructor(options: Options) {
    this.#options = options
    const { cluster, databaseUrl } = options
    const key = bytesOf(`dagbok cluster lock ${cluster.name}`).readInt32BE(0)
    this.#lock = new SessionLock(databaseUrl, key, `dagbok cluster ${cluster.name}`)
    this.#workerId = workerIdOf(cluster.name)
  }

  start(): void {
    const turn = () => {
      this.#turn = this.#turn
        .then(() => this.#look())
        .catch((error: unknown) =>
          this.#options.log.warn(
            { err: error, cluster: this.#options.cluster.name },
            'a cluster could not be taken; trying again',
          ),
        )
    }
    turn()
    this.#timer = setInterval(turn, this.#options.tryMs ?? 5000)
  }

  /** The agent of an attempt has said something. */
  changed(attemptId: string): void {
    this.#executor?.changed(attemptId)
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer)
    await this.#turn
    this.#stopped.abort(new Error('stopped'))
    await this.#report
    await this.#letGo()
    await this.#lock.close(1000)
  }

  async #look(): Promise<void> {
    const { db, cluster, scheduler } = this.#options
    // It may have been lost with its connection, and be another's by now.
    if (!(await this.#lock.isOurs())) return this.#letGo()
    if (this.#executor === null) {
      const queues = [clusterQueue(cluster.name)]
      const row = { id: this.#workerId, host: `cluster ${cluster.name}`, pid: process.pid, queues }
      await registerWorker(db, { ...row, slots: cluster.pods })
      const executor = new KubernetesExecutor({ ...this.#options, workerId: this.#workerId })
      await executor.start()
      this.#executor = executor
      scheduler.serve(executor)
      this.#beginPools()
    }
    await workerAlive(db, this.#workerId)
    // What holds workers back is waited for by people.
    if (JSON.stringify(this.#pools?.reports ?? {}) !== this.#toldPools) this.#reportedAt = -Infinity
    // A cluster that does not answer holds up nobody.
    if (realTiming.elapsed() - this.#reportedAt >= (this.#options.reportMs ?? usualReportMs))
      this.#report ??= this.#tell().finally(() => (this.#report = null))
  }

  #beginPools(): void {
    this.#pools = new WarmPools(this.#options)
    this.#pools.start()
  }

  /** Says of its cluster who answers there, or why nobody does. */
  async #tell(): Promise<void> {
    const { db, client, address, log, cluster } = this.#options
    this.#reportedAt = realTiming.elapsed()
    try {
      const fault = this.#executor?.watchFault ?? null
      const pools = this.#pools?.reports ?? {}
      this.#toldPools = JSON.stringify(pools)
      const found = await reportOf(client, address, fault, this.#stopped.signal)
      await tellCluster(db, this.#workerId, { ...found, pools })
    } catch (error) {
      log.warn({ err: error, cluster: cluster.name }, 'what was found of a cluster could not be written')
    }
  }

  async #letGo(): Promise<void> {
    const [executor, pools] = [this.#executor, this.#pools]
    this.#executor = null
    this.#pools = null
    await pools?.stop()
    if (executor === null) return
    this.#options.scheduler.retire(executor)
    await executor.stop()
  }
}
