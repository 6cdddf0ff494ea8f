/** Pods on the cluster that is up, each for one way to end, in a namespace of their own. */
import { KubeConfig } from '@kubernetes/client-node'
import { explain } from '#server/domain/pod/explain.ts'
import type { PodVerdict } from '#server/domain/pod/verdict.ts'
import { kubectl } from '../../../../k8s/test-cluster/testing/kubectl.ts'
import { Calls } from '../calls.ts'
import { ClusterClient, type PodObject } from '../cluster-client.ts'
import { WatchLoop } from '../watch-loop.ts'
import { Login, wireOf } from '../wire.ts'

export const finalizer = 'dagbok.dev/recorded'
const managed = { 'app.kubernetes.io/managed-by': 'dagbok' }

export interface Observed {
  pod: PodObject | null
  events: unknown
  verdict: PodVerdict
}

export class RealPods {
  readonly client: ClusterClient
  readonly namespace: string
  readonly #loop: WatchLoop
  readonly #running: Promise<void>
  #waiting: (() => void)[] = []

  /** @param kubeconfig its path */
  constructor(kubeconfig: string, namespace: string) {
    this.namespace = namespace
    const load = () => {
      const config = new KubeConfig()
      config.loadFromFile(kubeconfig)
      return config
    }
    this.client = new ClusterClient(new Calls(wireOf(new Login(load))))
    this.#loop = new WatchLoop({
      source: this.client,
      selection: { namespace, selector: 'app.kubernetes.io/managed-by=dagbok' },
      onKeys: () => {
        for (const look of this.#waiting.splice(0)) look()
      },
      onFault: (error) => {
        throw error
      },
    })
    this.#running = this.#loop.run()
  }

  create(name: string, spec: object): Promise<PodObject> {
    const metadata = { name, labels: managed, finalizers: [finalizer] }
    return this.client.createPod(this.namespace, { apiVersion: 'v1', kind: 'Pod', metadata, spec })
  }

  /** Resolves when what the watch has told of a pod is so. */
  async when(name: string, isSo: (verdict: PodVerdict, pod: PodObject) => boolean): Promise<PodObject> {
    for (;;) {
      const pod = this.#loop.pods.get(`${this.namespace}/${name}`)
      if (pod !== undefined && isSo(explain(pod), pod)) return pod
      await new Promise<void>((look) => this.#waiting.push(look))
    }
  }

  /** By a read of the pod and of its events. */
  async observe(name: string, uid: string): Promise<Observed> {
    const pod = await this.client.getPod({ namespace: this.namespace, name })
    const events = await this.client.eventsOf(this.namespace, uid)
    return { pod, events, verdict: explain(pod, events) }
  }

  /** Leaves nothing. */
  async close(): Promise<void> {
    for (const { metadata } of this.#loop.pods.values()) {
      const { namespace, name, uid } = metadata
      await this.client.deletePod({ namespace, name }, { uid, graceSeconds: 0 })
      await this.client.removeFinalizer({ namespace, name }, { uid, finalizer })
    }
    this.#loop.stop()
    await this.#running
    await kubectl(['delete', 'namespace', this.namespace, '--wait=false'])
  }
}
