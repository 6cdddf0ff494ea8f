/**
 * P7: runs of one pod, and chains of ten, on a real API server with nodes that end each pod at once. The floor is a bare
 * create-watch-patch-delete loop on the same server; both take turns. Ours is the whole product, from `POST …/runs` on, with its
 * start gate.
 */
import { FakeNodes } from '#k8s/test-cluster/fake-nodes.ts'
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import type { Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { compare, median, quantile, round, type Row } from './harness/statistics.ts'
import { bareSpec, barePods } from './pods/bare-pods.ts'
import { namespace, onCluster, withProduct } from './pods/on-cluster.ts'
import { chainLength, ourPlace, passGate, pushPodDags, runOurs, unlimitedCluster } from './pods/our-pods.ts'
import { Sightings } from './pods/sightings.ts'

interface Size {
  /** Runs of one pod. */
  single: number
  /** Chains of ten. */
  chains: number
  rounds: number
}

const nodes = 100

/** Requests at pods so far, by `VERB`, whoever made them: not those for their status, their log, their binding. */
async function podRequests(calls: Calls): Promise<Map<string, number>> {
  const chunks: Uint8Array[] = []
  const ask = { method: 'GET', path: '/metrics', withinMs: 60_000 } as const
  for await (const chunk of calls.stream(ask, 60_000)) chunks.push(chunk)
  const counts = new Map<string, number>()
  for (const line of Buffer.concat(chunks).toString().split('\n')) {
    if (!line.startsWith('apiserver_request_total{') || !line.includes('resource="pods"')) continue
    if (!line.includes('subresource=""')) continue
    const verb = /verb="(\w+)"/.exec(line)?.[1] ?? ''
    counts.set(verb, (counts.get(verb) ?? 0) + Number(line.slice(line.lastIndexOf(' '))))
  }
  return counts
}

const writes = ['POST', 'PATCH', 'DELETE', 'PUT']

interface Seen {
  sightings: Sightings
  /** Of the first pod, which is one of ours: the floor's are the same. */
  spec: Record<string, unknown> | null
}

async function measure(product: Product, calls: Calls, seen: Seen, size: Size): Promise<Row[]> {
  await pushPodDags(product)
  await (await runOurs(product, 'one', { count: 20, tasks: 1 })).check()
  const { spec, sightings } = seen
  if (spec === null) throw new Error('no pod of ours was seen')
  const ours: number[] = []
  const floor: number[] = []
  const chained: number[] = []
  const perPod: number[] = []
  const reactions: number[] = []
  const progress = new Progress(`${size.single} pods:`, size.rounds)
  for (let i = 0; i < size.rounds; i++) {
    const before = await podRequests(calls)
    const one = await runOurs(product, 'one', { count: size.single, tasks: 1 })
    ours.push(await one.check())
    const after = await podRequests(calls)
    const made = writes.reduce((sum, verb) => sum + (after.get(verb) ?? 0) - (before.get(verb) ?? 0), 0)
    perPod.push(made / size.single)
    floor.push(await barePods(calls, { namespace, spec, count: size.single }))
    const chains = await runOurs(product, 'chain', { count: size.chains, tasks: chainLength })
    chained.push(await chains.check())
    reactions.push(...sightings.reactions(chains.ids, chainLength))
    progress.step()
  }
  progress.end()
  const rate = (figure: string, count: number, values: number[]): Row => ({
    figure,
    s: round(median(values) / 1000),
    'pods/s': round((count / median(values)) * 1000),
  })
  return [
    { ...rate(`${size.single} runs of one pod`, size.single, ours), ...compare(ours, { floor }) },
    rate('floor: create, watch, patch, delete', size.single, floor),
    rate(`${size.chains} chains of ${chainLength}`, size.chains * chainLength, chained),
    {
      figure: 'parent has succeeded → child is there, in the chains',
      'p50 ms': round(median(reactions)),
      'p99 ms': round(quantile(reactions, 0.99)),
    },
    { figure: 'writes of pods, by ours', 'a pod': round(median(perPod)) },
  ]
}

async function besideFakeNodes(calls: Calls, size: Size): Promise<Row[]> {
  const seen: Seen = { sightings: new Sightings(ourPlace), spec: null }
  const fake = new FakeNodes({
    calls,
    count: nodes,
    namespace,
    beforeCode: passGate,
    onSeen: (pod) => {
      seen.sightings.seen(pod)
      seen.spec ??= bareSpec(pod.spec)
    },
    onSucceeded: (pod) => seen.sightings.succeeded(pod),
  })
  await fake.start()
  try {
    return await withProduct(unlimitedCluster, (product) => measure(product, calls, seen, size))
  } finally {
    await fake.stop()
    if (fake.faults.length > 0) console.error(`${fake.faults.length} faults of the nodes:`, fake.faults[0])
  }
}

/** @returns rows of the table. @throws ClusterError where there can be no cluster; when a run fails */
export const pods = (size: Size): Promise<Row[]> => onCluster(1, (calls) => besideFakeNodes(calls, size))
