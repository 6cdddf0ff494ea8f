import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { Random } from '#workers/simulation/random.ts'
import { kubectl } from '../../../k8s/test-cluster/testing/kubectl.ts'
import { until } from '../../../k8s/test-cluster/until.ts'
import { Calls } from './calls.ts'
import { ClusterClient, type PodObject } from './cluster-client.ts'
import { FaultyLine } from './testing/faulty-line.ts'
import { WatchLoop } from './watch-loop.ts'
import { Login, wireOf } from './wire.ts'

const namespace = `watch-${randomUUID().slice(0, 8)}`
const selection = { namespace, selector: 'app.kubernetes.io/managed-by=dagbok' }
const config = () => {
  const read = new KubeConfig()
  read.loadFromFile(inject('kubeconfig'))
  return read
}
const direct = new ClusterClient(new Calls(wireOf(new Login(config))), { perSecond: 50, burst: 50 })

beforeAll(() => kubectl(['create', 'namespace', namespace]))
afterAll(() => kubectl(['delete', 'namespace', namespace, '--wait=false']))

const names = Array.from({ length: 20 }, (_, n) => `pod-${n}`)

/** No node takes them, so that a cluster has no work with them. */
const pod = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { 'app.kubernetes.io/managed-by': 'dagbok' } },
  spec: { nodeSelector: { none: 'has-it' }, containers: [{ name: 'main', image: 'none' }] },
})

/** By key, in order: what two views have in common when they are the same. */
const shownAs = (pods: Iterable<PodObject>): string =>
  JSON.stringify(
    Object.fromEntries([...pods].map(({ metadata }) => [metadata.name, metadata.resourceVersion])),
    [...names],
  )

/** Pods come and go, by the direct line. */
class Actor {
  readonly #there = new Map<string, string>()
  readonly #random: Random

  constructor(seed: number) {
    this.#random = new Random(seed)
  }

  async act(times: number): Promise<void> {
    for (let n = 0; n < times; n++) {
      await this.#turn(this.#random.pick(names))
      await pause(this.#random.int(0, 60))
    }
  }

  /** Leaves none. */
  async end(): Promise<void> {
    for (const name of this.#there.keys()) await this.#turn(name)
  }

  async #turn(name: string): Promise<void> {
    const uid = this.#there.get(name)
    if (uid === undefined) {
      const { metadata } = await direct.createPod(namespace, pod(name))
      this.#there.set(name, metadata.uid)
      return
    }
    await direct.deletePod({ namespace, name }, { uid, graceSeconds: 0 })
    this.#there.delete(name)
  }
}

class Trial {
  readonly line: FaultyLine
  readonly watchesAt: number[] = []
  loop: WatchLoop | null = null
  running: Promise<void> = Promise.resolve()

  constructor(seed: number) {
    const { hostname, port } = new URL(config().getCurrentCluster()?.server ?? '')
    this.line = new FaultyLine({ host: hostname, port: Number(port) }, new Random(seed))
  }

  async begin(): Promise<void> {
    const port = await this.line.listen()
    const login = new Login(() => {
      const through = config()
      const cluster = through.getCurrentCluster()
      if (cluster !== null) Object.assign(cluster, { server: `https://127.0.0.1:${port}` })
      return through
    })
    const client = new ClusterClient(new Calls(wireOf(login)))
    this.loop = new WatchLoop({
      source: {
        listPods: (...args) => client.listPods(...args),
        watchPods: (...args) => {
          this.watchesAt.push(performance.now())
          return client.watchPods(...args)
        },
      },
      selection,
      onKeys: () => {},
      onFault: () => {},
      settings: { relistMs: 10_000, silentMs: 2000, pageSize: 6 },
    })
    this.running = this.loop.run()
  }

  seen(): string {
    return shownAs(this.loop?.pods.values() ?? [])
  }

  async end(): Promise<void> {
    this.loop?.stop()
    await this.running
    await this.line.close()
  }
}

/** Watches begun within a second, at most. */
const busiest = (at: readonly number[]): number =>
  Math.max(...at.map((from) => at.filter((one) => one >= from && one < from + 1000).length))

test.for([1, 26, 51, 76])(
  '[R5] over 25 broken lines to a real API server, from seed %d, each view is what is there',
  async (seed) => {
    const trials = Array.from({ length: 25 }, (_, n) => new Trial(seed + n))
    await Promise.all(trials.map((trial) => trial.begin()))
    const actor = new Actor(seed)
    await actor.act(300)
    for (const { line } of trials) line.calm()
    await actor.act(5)
    const there = shownAs((await direct.listPods(selection, { limit: 500 })).pods)
    const isSo = () => Promise.resolve(trials.every((trial) => trial.seen() === there) ? true : null)
    expect(await until('every view is what is there', isSo, 60_000)).toBe(true)
    expect(there).toContain('pod-')
    expect(trials.reduce((sum, { line }) => sum + line.faults, 0)).toBeGreaterThan(25)
    expect(Math.max(...trials.map(({ watchesAt }) => busiest(watchesAt)))).toBeLessThanOrEqual(2)
    await Promise.all(trials.map((trial) => trial.end()))
    await actor.end()
  },
)
