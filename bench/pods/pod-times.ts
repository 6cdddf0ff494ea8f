/** When each pod of a namespace was first seen, and when its code had ended, as a watch tells it. */
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import { ClusterClient } from '#workers/executors/kubernetes/cluster-client.ts'
import { WatchLoop } from '#workers/executors/kubernetes/watch-loop.ts'

interface Times {
  /** ms of this process. */
  seen: number
  ended: Promise<number>
}

interface PodStatus {
  metadata: { annotations?: Record<string, string>; name: string }
  status?: { containerStatuses?: { name: string; state?: { terminated?: unknown } }[] }
}

export class PodTimes {
  readonly client: ClusterClient
  readonly #loop: WatchLoop
  readonly #running: Promise<void>
  readonly #pods = new Map<string, Times & { end: (ms: number) => void }>()
  readonly #keyOf: (pod: PodStatus) => string

  /** @param keyOf by what a pod is asked for: its name, or what an annotation says */
  constructor(calls: Calls, namespace: string, keyOf: (pod: PodStatus) => string) {
    this.#keyOf = keyOf
    this.client = new ClusterClient(calls, { perSecond: 1000, burst: 1000 })
    this.#loop = new WatchLoop({
      source: this.client,
      selection: { namespace, selector: '' },
      onKeys: (keys) => this.#look(keys),
      onFault: (error) => console.error(error),
    })
    this.#running = this.#loop.run()
  }

  #look(keys: readonly string[]): void {
    for (const key of keys) {
      const pod = this.#loop.pods.get(key) as PodStatus | undefined
      if (pod === undefined) continue
      const times = this.#timesOf(this.#keyOf(pod))
      const main = pod.status?.containerStatuses?.find(({ name }) => name === 'main')
      if (main?.state?.terminated !== undefined) times.end(performance.now())
    }
  }

  #timesOf(key: string) {
    const known = this.#pods.get(key)
    if (known !== undefined) return known
    const { promise: ended, resolve: end } = Promise.withResolvers<number>()
    const made = { seen: performance.now(), ended, end }
    this.#pods.set(key, made)
    return made
  }

  /** ms from its being there to the end of its code; resolves when that has ended. @param since ms, instead of its being there */
  async codeMs(key: string, since?: number): Promise<number> {
    const { seen, ended } = this.#timesOf(key)
    return (await ended) - (since ?? seen)
  }

  async stop(): Promise<void> {
    this.#loop.stop()
    await this.#running
  }
}
