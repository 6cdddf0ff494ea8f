/** The floor of P7: pods made, watched, let go of their finalizer and deleted, so many at once, and nothing else. */
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import { ClusterClient } from '#workers/executors/kubernetes/cluster-client.ts'
import { WatchLoop } from '#workers/executors/kubernetes/watch-loop.ts'

const finalizer = 'dagbok.dev/bare'
const label = 'dagbok.dev/bare'
const atOnce = 64
/** More than any API server takes. */
const unbound = { perSecond: 1_000_000, burst: 1_000_000 }

/** The spec of a pod without what the API server and the scheduler have put into it. */
export const bareSpec = (spec: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(spec).filter(([name]) => name !== 'nodeName'))

interface Bare {
  namespace: string
  spec: Record<string, unknown>
  count: number
}

/** @returns ms for all of them, from the first request to the end of the last pod */
export async function barePods(calls: Calls, { namespace, spec, count }: Bare): Promise<number> {
  const podOf = (name: string) => ({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, labels: { [label]: 'yes' }, finalizers: [finalizer] },
    spec,
  })
  const client = new ClusterClient(calls, unbound)
  const waiting = new Map<string, { succeeded: () => void; gone: () => void }>()
  const loop: WatchLoop = new WatchLoop({
    source: client,
    selection: { namespace, selector: `${label}=yes` },
    onKeys: (keys) => {
      for (const key of keys) {
        const pod = loop.pods.get(key) as { status?: { phase?: string } } | undefined
        if (pod === undefined) waiting.get(key)?.gone()
        else if (pod.status?.phase === 'Succeeded') waiting.get(key)?.succeeded()
      }
    },
    onFault: (error) => console.error(error),
  })
  const watched = loop.run()
  const life = async (name: string) => {
    const { promise: success, resolve: succeeded } = Promise.withResolvers<void>()
    const { promise: end, resolve: gone } = Promise.withResolvers<void>()
    waiting.set(`${namespace}/${name}`, { succeeded, gone })
    const { uid } = (await client.createPod(namespace, podOf(name))).metadata
    await success
    await client.removeFinalizer({ namespace, name }, { uid, finalizer })
    await client.deletePod({ namespace, name }, { uid })
    await end
    waiting.delete(`${namespace}/${name}`)
  }
  const start = performance.now()
  let next = 0
  const worker = async () => {
    while (next < count) await life(`bare-${Math.round(start)}-${next++}`)
  }
  await Promise.all(Array.from({ length: atOnce }, worker))
  const took = performance.now() - start
  loop.stop()
  await watched
  return took
}
