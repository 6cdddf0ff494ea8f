/** For tests of the executor's shell: a workshop with a real database and a real desk, where only pods and their logs are of paper. */
import type { Logger } from 'pino'
import { afterAll, beforeAll, expect } from 'vitest'
import type { Database } from '#db/client.ts'
import { addToHandle, liveAttempt } from '#db/queries/pod.ts'
import { registerWorker } from '#db/queries/worker.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { clustersOf, type ClusterSettings } from '#server/config/clusters.ts'
import { SecretsOfAttempts } from '#server/services/secret/secrets-of-attempt.ts'
import type { Crew, Place } from '../../../testing/crew.ts'
import { openWorkshop, type Workshop } from '../../../testing/workshop.ts'
import { cell, Trial } from '../../conformance/trial.ts'
import type { AttemptSink } from '../../executor.ts'
import { workerIdOf } from '../cluster-host.ts'
import { KubernetesExecutor } from '../kubernetes-executor.ts'
import { PodKeeper, type KeeperOptions } from '../pod-keeper.ts'
import { PodLogs } from '../pod-logs.ts'
import { PodSecrets } from '../pod-secrets.ts'
import { PaperCluster } from './paper-cluster.ts'

export const settingsOf = (name: string): ClusterSettings => {
  const one = { address: 'http://dagbok.test', agent_image: 'a:1', image: 'i:1', namespace: 'paper', pods: 3 }
  const [cluster] = clustersOf(JSON.stringify({ instance: 'paper', clusters: { [name]: one } }), 'clusters')
  if (cluster === undefined) throw new Error('there is no cluster in the settings')
  return cluster
}

type PodThere = PaperCluster['pods'] extends ReadonlyMap<string, infer Pod> ? Pod : never

/** Of the attempt whose pod it is. */
export const idOf = ({ metadata }: PodThere): string =>
  (metadata['annotations'] as Record<string, string>)['dagbok.dev/attempt-id'] ?? ''
export const now = (): string => new Date().toISOString()
/** States of a container, as a kubelet tells them. */
export const running = () => ({ running: { startedAt: now() } })
export const done = () => ({
  terminated: { exitCode: 0, reason: 'Completed', startedAt: now(), finishedAt: now() },
})

class PaperShop {
  readonly database: () => Database
  readonly trial: Trial
  paper!: PaperCluster
  place!: Place
  shop!: Workshop
  executor!: KubernetesExecutor
  /** Waited for before an attempt is written as submitted. */
  beforeSubmitted: (token: string) => Promise<void> = () => Promise.resolve()

  constructor(database: () => Database) {
    this.database = database
    this.trial = new Trial({ executor: 'kubernetes', database, shop: () => this.shop })
  }

  async open(): Promise<void> {
    this.paper = await new PaperCluster().open()
    this.shop = await openWorkshop(this.database(), (place) => this.#crew(place))
  }

  async close(): Promise<void> {
    await this.shop.close()
    await this.paper.close()
  }

  async #crew(place: Place): Promise<Crew> {
    this.place = place
    const { sink, scheduler, runtime } = place
    const slow: AttemptSink = {
      submitted: async (token, handle) => {
        await this.beforeSubmitted(token)
        return sink.submitted(token, handle)
      },
      passGate: (token, handle) => sink.passGate(token, handle),
      appendLog: (token, chunk) => sink.appendLog(token, chunk),
      ended: (token, end) => sink.ended(token, end),
      heartbeat: (tokens) => sink.heartbeat(tokens),
    }
    this.executor = await this.employ('default', slow)
    await scheduler.start(this.executor)
    return { runtime, crash: () => Promise.resolve(), stop: () => this.executor.stop() }
  }

  /** An executor that has started. @param sink what it writes to */
  async employ(
    name: string,
    sink: AttemptSink,
    log: Logger = this.place.hosted.ctx.log,
  ): Promise<KubernetesExecutor> {
    const { db, hosted, scheduler } = this.place
    const workerId = workerIdOf(name)
    const row = { id: workerId, host: `cluster ${name}`, pid: 1, queues: [`@${name}`], slots: 3 }
    await registerWorker(db, row)
    const made = new KubernetesExecutor({
      cluster: settingsOf(name),
      client: this.paper.client(),
      workerId,
      db,
      artifacts: hosted.ctx.artifacts,
      secrets: new SecretsOfAttempts(db, hosted.ctx.secrets),
      sink,
      released: (token) => scheduler.released(token),
      log,
      beatMs: 100,
    })
    await made.start()
    return made
  }

  /** A keeper of a cluster, that nobody asks but the test. */
  keeperOf(cluster: string, more: Partial<Pick<KeeperOptions, 'viewed' | 'timing'>> = {}): PodKeeper {
    const { db, hosted } = this.place
    const { artifacts, log } = hosted.ctx
    const client = this.paper.client()
    const given = new SecretsOfAttempts(db, hosted.ctx.secrets)
    const secrets = new PodSecrets({ client, secrets: given, log })
    const needs = { client, db, artifacts, secrets, sink: this.shop.sink, log }
    return new PodKeeper({
      ...needs,
      cluster,
      assumeDeadMs: null,
      logs: new PodLogs(needs),
      viewed: () => null,
      over: () => {},
      ...more,
    })
  }

  /** A run of one task. */
  push(dag: string) {
    return this.trial.push(dag, [cell('id: a', 'bash', 'true')])
  }

  /** The pod of the DAG's only attempt, once it is there. */
  podOf(dag: string): Promise<PodThere> {
    return this.paper.until(() =>
      [...this.paper.pods.values()].find(({ metadata }) => JSON.stringify(metadata).includes(dag)),
    )
  }

  /** Its agent passes the gate. */
  async pass(pod: PodThere): Promise<void> {
    const attempt = await liveAttempt(this.database(), idOf(pod))
    const { uid } = pod.metadata
    expect(await this.shop.sink.passGate(attempt?.token ?? '', { ...attempt?.handle, uid })).toBe(true)
  }

  /** Then its code runs, and leaves nothing. */
  async begin(pod: PodThere): Promise<void> {
    const attempt = await liveAttempt(this.database(), idOf(pod))
    const left = { outputs: [], metrics: [], values: [], problem: null, missing: [] }
    const { hash } = await this.place.hosted.ctx.artifacts.put(Buffer.from(JSON.stringify(left)))
    await addToHandle(this.database(), attempt?.token ?? '', { results: hash })
    this.paper.setMain(pod.metadata.name, running(), 'Running')
  }

  async run(pod: PodThere): Promise<void> {
    await this.pass(pod)
    await this.begin(pod)
  }
}

/** Call it at the top of a test file: it is open while its tests run. */
export function paperShop(): PaperShop {
  const { database } = testDatabase()
  const shop = new PaperShop(database)
  beforeAll(() => shop.open())
  afterAll(() => shop.close())
  return shop
}
