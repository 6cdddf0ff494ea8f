/**
 * P7: runs of one pod, and chains of ten, on a real API server with nodes that end each pod at once. The floor is a bare
 * create-watch-patch-delete loop on the same server; both take turns. Ours is the whole product, from `POST …/runs` on, with its
 * start gate.
 */
import { setTimeout as pause } from 'node:timers/promises'
import { FakeNodes, fakeLabel, type FakePod } from '#k8s/test-cluster/fake-nodes.ts'
import { ownPrefix } from '#server/domain/pod/names.ts'
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import { DeskClient } from '#workers/executors/pool/desk-client.ts'
import { nobody } from '#workers/executors/pool/protocol.ts'
import type { Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import {
  chain,
  head,
  isOver,
  newestRuns,
  pushFiles,
  spanOf,
  startRun,
  type RunAnswer,
} from './harness/runs.ts'
import { compare, median, quantile, round, type Row } from './harness/statistics.ts'
import { bareSpec, barePods } from './pods/bare-pods.ts'
import { namespace, onCluster, withProduct } from './pods/on-cluster.ts'

interface Size {
  /** Runs of one pod. */
  single: number
  /** Chains of ten. */
  chains: number
  rounds: number
}

const nodes = 100
const startedAtOnce = 16
/** Runs that a list gives at most. */
const listed = 200
const length = 10
const cell = `executor: kubernetes, image: none/none, node_selector: {${fakeLabel}: "yes"}, tolerations: [{key: ${fakeLabel}, operator: Exists}]`
const unlimited = (notebook: string) =>
  notebook.replace('tasks:\n', 'limits: {max_active_runs: 10000}\ntasks:\n')

/** When each pod of a run was first seen, and when it had succeeded, by run and task; ms of this process. */
class Sightings {
  readonly seen = new Map<string, number>()
  readonly ended = new Map<string, number>()
  /** Of the first pod, which is one of ours: the floor's are the same. */
  spec: Record<string, unknown> | null = null

  note(into: Map<string, number>, { metadata: { annotations = {} } }: FakePod): void {
    const [run, task] = [annotations[`${ownPrefix}run`], annotations[`${ownPrefix}task`]]
    if (run !== undefined && task !== undefined) into.set(`${run} ${task}`, performance.now())
  }

  /** ms from a parent's end to its child's being there. */
  reactions(runs: readonly string[]): number[] {
    return runs.flatMap((run) =>
      Array.from({ length: length - 1 }, (_, i) => {
        const [end, start] = [this.ended.get(`${run} t${i}`), this.seen.get(`${run} t${i + 1}`)]
        if (end === undefined || start === undefined)
          throw new Error(`run ${run}: t${i} → t${i + 1} was not seen`)
        return Math.max(0, start - end)
      }),
    )
  }
}

/** The gate's question, as the agent in the pod asks it. */
async function passGate({ metadata: { uid, annotations }, spec }: FakePod): Promise<void> {
  if (annotations?.[`${ownPrefix}attempt-id`] === undefined) return
  const gate = spec.initContainers?.find(({ name }) => name === 'gate')
  if (gate === undefined) return
  const value = (name: string) => gate.env?.find((one) => one.name === name)?.value ?? ''
  const client = new DeskClient({
    url: value('DAGBOK_ADDRESS'),
    token: value('DAGBOK_TOKEN'),
    workerId: nobody,
  })
  const attempt = value('DAGBOK_ATTEMPT_ID')
  const { ok } = await client.call<{ ok: boolean }>('attempt/start', { attempt, body: { uid } })
  if (!ok) throw new Error(`the gate of ${attempt} was shut`)
}

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

/**
 * Starts runs of a DAG and waits for all.
 * @returns ms from the first one's start to the last one's end, and their ids
 * @throws when one does not succeed, or a task of it ran never or twice
 */
async function runAll(
  product: Product,
  dag: string,
  { count, tasks }: { count: number; tasks: number },
): Promise<{ ms: number; ids: string[] }> {
  const ids: string[] = []
  let left = count
  const starter = async () => {
    while (left-- > 0) ids.push(await startRun(product, dag, dag))
  }
  await Promise.all(Array.from({ length: startedAtOnce }, starter))
  while (!(await newestRuns(product, dag, dag, Math.min(listed, count))).every(isOver)) await pause(100)
  // Those that the list no longer has are over, too, but for stragglers.
  for (const id of ids) while (!isOver((await product.api(`/runs/${id}`)) as RunAnswer)) await pause(100)
  return { ms: await spanOf(product, ids, tasks), ids }
}

const writes = ['POST', 'PATCH', 'DELETE', 'PUT']

async function measure(product: Product, calls: Calls, sightings: Sightings, size: Size): Promise<Row[]> {
  await pushFiles(product, 'one', { 'one.dag.yaml': unlimited(`${head('one')}  - {id: t0, ${cell}}\n`) })
  await pushFiles(product, 'chain', { 'chain.dag.yaml': unlimited(chain('chain', length, cell)) })
  await runAll(product, 'one', { count: 20, tasks: 1 })
  const { spec } = sightings
  if (spec === null) throw new Error('no pod of ours was seen')
  const ours: number[] = []
  const floor: number[] = []
  const chained: number[] = []
  const perPod: number[] = []
  const reactions: number[] = []
  const progress = new Progress(`${size.single} pods:`, size.rounds)
  for (let i = 0; i < size.rounds; i++) {
    const before = await podRequests(calls)
    ours.push((await runAll(product, 'one', { count: size.single, tasks: 1 })).ms)
    const after = await podRequests(calls)
    const made = writes.reduce((sum, verb) => sum + (after.get(verb) ?? 0) - (before.get(verb) ?? 0), 0)
    perPod.push(made / size.single)
    floor.push(await barePods(calls, { namespace, spec, count: size.single }))
    const { ms, ids } = await runAll(product, 'chain', { count: size.chains, tasks: length })
    chained.push(ms)
    reactions.push(...sightings.reactions(ids))
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
    rate(`${size.chains} chains of 10`, size.chains * length, chained),
    {
      figure: 'parent has succeeded → child is there, in the chains',
      'p50 ms': round(median(reactions)),
      'p99 ms': round(quantile(reactions, 0.99)),
    },
    { figure: 'writes of pods, by ours', 'a pod': round(median(perPod)) },
  ]
}

async function besideFakeNodes(calls: Calls, size: Size): Promise<Row[]> {
  const sightings = new Sightings()
  const fake = new FakeNodes({
    calls,
    count: nodes,
    namespace,
    beforeCode: passGate,
    onSeen: (pod) => {
      sightings.note(sightings.seen, pod)
      sightings.spec ??= bareSpec(pod.spec)
    },
    onSucceeded: (pod) => sightings.note(sightings.ended, pod),
  })
  await fake.start()
  try {
    const cluster = { agent_image: 'none/none', pods: 2000, creations: 10_000 }
    return await withProduct(cluster, (product) => measure(product, calls, sightings, size))
  } finally {
    await fake.stop()
    if (fake.faults.length > 0) console.error(`${fake.faults.length} faults of the nodes:`, fake.faults[0])
  }
}

/** @returns rows of the table. @throws ClusterError where there can be no cluster; when a run fails */
export const pods = (size: Size): Promise<Row[]> => onCluster(1, (calls) => besideFakeNodes(calls, size))
