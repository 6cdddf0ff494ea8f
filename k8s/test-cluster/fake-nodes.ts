/**
 * Nodes without a machine, on the real API server: objects with a lease that is renewed, and something that says of each pod
 * that is bound to one that it runs and, at once, that it has succeeded. For load: what the API server, etcd, the scheduler and
 * whoever makes the pods do is real, what a kubelet and a container take is left out.
 */
import { createServer } from 'node:https'
import { readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import { ClusterClient } from '#workers/executors/kubernetes/cluster-client.ts'
import { ClusterError } from '#workers/executors/kubernetes/cluster-error.ts'
import { WatchLoop } from '#workers/executors/kubernetes/watch-loop.ts'
import { keyFile } from './keys.ts'
import { network } from './settings.ts'

interface Container {
  name: string
  image: string
  restartPolicy?: string
  env?: { name: string; value?: string }[]
}
/** What is read of a pod here. */
export interface FakePod {
  metadata: {
    name: string
    namespace: string
    uid: string
    deletionTimestamp?: string
    annotations?: Record<string, string>
  }
  spec: { nodeName?: string; initContainers?: Container[]; containers: Container[] }
  status: { phase: string }
}

export interface FakeNodesOptions {
  calls: Calls
  count: number
  /** Of the pods that are looked after. */
  namespace: string
  /** What the pods' own agents would do before the code runs. */
  beforeCode: (pod: FakePod) => Promise<void>
  /** A pod has been seen for the first time; bound to a node or not. */
  onSeen?: (pod: FakePod) => void
  /** The API server has taken that it has succeeded. */
  onSucceeded?: (pod: FakePod) => void
}

/** Of the nodes, and of the taint that keeps all other pods off. */
export const fakeLabel = 'dagbok.dev/fake-node'
const leases = '/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases'
const leaseMs = 5000
const withinMs = 60_000
const merge = 'application/merge-patch+json'

const nameOf = (i: number): string => `fake${i}`
const micros = (): string => new Date().toISOString().replace('Z', '000Z')
const seconds = (): string => new Date().toISOString().replace(/\.\d+Z$/, 'Z')

const terminated = (container: Container) => {
  const at = seconds()
  return {
    ...place(container),
    state: {
      terminated: {
        exitCode: 0,
        reason: 'Completed',
        startedAt: at,
        finishedAt: at,
        containerID: 'fake://1',
      },
    },
  }
}
const running = (container: Container) => ({
  ...place(container),
  ready: true,
  started: true,
  state: { running: { startedAt: seconds() } },
})
const place = ({ name, image }: Container) => ({
  name,
  image,
  imageID: `${image}@sha256:${'0'.repeat(64)}`,
  containerID: 'fake://1',
  restartCount: 0,
  ready: false,
  started: false,
})

/** @throws ClusterError when the API server does not take them */
export class FakeNodes {
  readonly #options: FakeNodesOptions
  readonly #watch: WatchLoop
  /** By their UIDs. */
  readonly #seen = new Set<string>()
  readonly #done = new Set<string>()
  readonly #faults: unknown[] = []
  #isOver = false
  #timer: NodeJS.Timeout | undefined
  #server: ReturnType<typeof createServer> | undefined

  constructor(options: FakeNodesOptions) {
    this.#options = options
    this.#watch = new WatchLoop({
      source: new ClusterClient(options.calls),
      selection: { namespace: options.namespace, selector: '' },
      onKeys: (keys) => {
        for (const key of keys) this.#heard(this.#watch.pods.get(key) as FakePod | undefined)
      },
      onFault: (error) => this.#failed(error),
    })
  }

  /** What went wrong since it started: empty, if all is well. */
  get faults(): readonly unknown[] {
    return this.#faults
  }

  async start(): Promise<void> {
    const port = await this.#serveLogs()
    for (let i = 0; i < this.#options.count; i++) await this.#makeNode(nameOf(i), port)
    this.#timer = setInterval(() => void this.#renew(), leaseMs)
    void this.#watch.run()
  }

  /** Ends it, once; the nodes are gone when it resolves. */
  async stop(): Promise<void> {
    if (this.#isOver) return
    this.#isOver = true
    clearInterval(this.#timer)
    this.#watch.stop()
    this.#server?.closeAllConnections()
    this.#server?.close()
    for (let i = 0; i < this.#options.count; i++) {
      await this.#ask('DELETE', `/api/v1/nodes/${nameOf(i)}`)
      await this.#ask('DELETE', `${leases}/${nameOf(i)}`)
    }
  }

  /** The log of every container: one line. The API server asks for it as it asks a kubelet. */
  async #serveLogs(): Promise<number> {
    const [key, cert] = [await readFile(keyFile('api.key')), await readFile(keyFile('api.crt'))]
    const server = createServer({ key, cert }, (_, answer) => {
      answer.writeHead(200, { 'content-type': 'text/plain' })
      answer.end(`${new Date().toISOString().replace('Z', '000000Z')} done\n`)
    })
    this.#server = server
    await new Promise<void>((done) => server.listen(0, network.host, done))
    return (server.address() as AddressInfo).port
  }

  async #makeNode(name: string, port: number): Promise<void> {
    const amounts = { cpu: '1000', memory: '4Ti', pods: '10000' }
    const at = seconds()
    await this.#make('/api/v1/nodes', {
      apiVersion: 'v1',
      kind: 'Node',
      metadata: { name, labels: { [fakeLabel]: 'yes', 'kubernetes.io/hostname': name } },
      spec: { taints: [{ key: fakeLabel, value: 'yes', effect: 'NoSchedule' }] },
    })
    await this.#make(leases, {
      apiVersion: 'coordination.k8s.io/v1',
      kind: 'Lease',
      metadata: { name, namespace: 'kube-node-lease' },
      spec: { holderIdentity: name, leaseDurationSeconds: 40, renewTime: micros() },
    })
    const status = {
      capacity: amounts,
      allocatable: amounts,
      addresses: [{ type: 'InternalIP', address: network.host }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
      conditions: [
        {
          type: 'Ready',
          status: 'True',
          reason: 'KubeletReady',
          lastHeartbeatTime: at,
          lastTransitionTime: at,
        },
      ],
    }
    await this.#ask('PATCH', `/api/v1/nodes/${name}/status`, { status })
  }

  async #renew(): Promise<void> {
    try {
      for (let i = 0; i < this.#options.count; i++)
        await this.#ask('PATCH', `${leases}/${nameOf(i)}`, { spec: { renewTime: micros() } })
    } catch (error) {
      this.#failed(error)
    }
  }

  #heard(pod: FakePod | undefined): void {
    if (pod === undefined) return
    const { uid } = pod.metadata
    if (!this.#seen.has(uid)) {
      this.#seen.add(uid)
      this.#options.onSeen?.(pod)
    }
    if (pod.spec.nodeName?.startsWith('fake') !== true || this.#done.has(uid)) return
    this.#done.add(uid)
    void this.#live(pod).catch((error: unknown) => this.#failed(error))
  }

  #failed(error: unknown): void {
    if (!this.#isOver) this.#faults.push(error)
  }

  async #live(pod: FakePod): Promise<void> {
    await this.#options.beforeCode(pod)
    const { initContainers = [], containers } = pod.spec
    const init = initContainers.map((one) =>
      one.restartPolicy === 'Always' ? running(one) : terminated(one),
    )
    await this.#say(pod, {
      phase: 'Running',
      startTime: seconds(),
      initContainerStatuses: init,
      containerStatuses: containers.map(running),
    })
    await this.#say(pod, {
      phase: 'Succeeded',
      initContainerStatuses: initContainers.map(terminated),
      containerStatuses: containers.map(terminated),
    })
    this.#options.onSucceeded?.(pod)
  }

  #say({ metadata: { namespace, name, uid } }: FakePod, status: object): Promise<unknown> {
    return this.#ask('PATCH', `/api/v1/namespaces/${namespace}/pods/${name}/status`, {
      metadata: { uid },
      status,
    })
  }

  /** Makes an object; one that a bench left which was killed is as good. */
  async #make(path: string, value: object): Promise<void> {
    await this.#ask('POST', path, value).catch((error: unknown) => {
      if (!(error instanceof ClusterError && error.code === 'already_exists')) throw error
    })
  }

  #ask(method: 'POST' | 'PATCH' | 'DELETE', path: string, value?: object): Promise<unknown> {
    const type = method === 'PATCH' ? merge : 'application/json'
    const body = value === undefined ? {} : { body: { type, value } }
    return this.#options.calls.json({ method, path, ...body, withinMs })
  }
}
