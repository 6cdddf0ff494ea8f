/**
 * P7: runs of one pod, and chains of ten, on a real API server with nodes that end each pod at once. The floor is a bare
 * create-watch-patch-delete loop on the same server; both take turns. Ours is the whole product, from `POST …/runs` on, with its
 * start gate.
 */
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kubeconfigOf } from '#k8s/test-cluster/keys.ts'
import { FakeNodes, fakeLabel, type FakePod } from '#k8s/test-cluster/fake-nodes.ts'
import { down } from '#k8s/test-cluster/down.ts'
import { network } from '#k8s/test-cluster/settings.ts'
import { clusterState } from '#k8s/test-cluster/state.ts'
import { up } from '#k8s/test-cluster/up.ts'
import { ownPrefix } from '#server/domain/pod/names.ts'
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import { callsOf } from '#workers/executors/kubernetes/kubeconfig.ts'
import { DeskClient } from '#workers/executors/pool/desk-client.ts'
import { nobody } from '#workers/executors/pool/protocol.ts'
import { freePort } from './harness/free-port.ts'
import { keptFolder, startProduct, type Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { chain, head, isOver, newestRuns, pushFiles, startRun, succeeded } from './harness/runs.ts'
import { compare, median, quantile, round, type Row } from './harness/statistics.ts'
import { bareSpec, barePods } from './pods/bare-pods.ts'

interface Size {
  /** Runs of one pod. */
  single: number
  /** Chains of ten. */
  chains: number
  rounds: number
}

const nodes = 100
const namespace = 'dagbok-main'
const startedAtOnce = 16
const cell = `executor: kubernetes, image: none/none, node_selector: {${fakeLabel}: "yes"}, tolerations: [{key: ${fakeLabel}, operator: Exists}]`
const unlimited = (notebook: string) =>
  notebook.replace('tasks:\n', 'limits: {max_active_runs: 10000}\ntasks:\n')

/** When each pod of a run was first seen, and when it had succeeded, by run and task; ms of this process. */
class Sightings {
  readonly seen = new Map<string, number>()
  readonly ended = new Map<string, number>()
  /** What a pod of ours is: the floor's are the same. */
  spec: Record<string, unknown> = {}

  note(into: Map<string, number>, { metadata: { annotations = {} } }: FakePod): void {
    const [run, task] = [annotations[`${ownPrefix}run`], annotations[`${ownPrefix}task`]]
    if (run !== undefined && task !== undefined) into.set(`${run} ${task}`, performance.now())
  }

  /** ms from a parent's end to its child's being there. */
  reactions(runs: readonly string[], length: number): number[] {
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

/** Requests of the API server's clients at pods so far, by `VERB`: not those for their status, their log, their binding. */
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

/** Starts runs of a DAG and waits for all. @returns ms, and their ids. @throws when one does not succeed */
async function runAll(product: Product, dag: string, count: number): Promise<{ ms: number; ids: string[] }> {
  const ids: string[] = []
  const start = performance.now()
  const starter = async () => {
    while (ids.length < count) {
      const at = ids.push('') - 1
      ids[at] = await startRun(product, dag, dag)
    }
  }
  await Promise.all(Array.from({ length: Math.min(startedAtOnce, count) }, starter))
  await untilAllOver(product, dag, count)
  const ms = performance.now() - start
  for (const id of ids) await succeeded(product, id)
  return { ms, ids }
}

/** The list has 200: the newest are the last to be started, and an older one is looked at by itself. */
async function untilAllOver(product: Product, dag: string, count: number): Promise<void> {
  for (;;) {
    const newest = await newestRuns(product, dag, dag, Math.min(200, count))
    if (newest.every(isOver)) return
    await new Promise((done) => setTimeout(done, 100))
  }
}

const writes = ['POST', 'PATCH', 'DELETE', 'PUT']

async function measure(product: Product, calls: Calls, sightings: Sightings, size: Size): Promise<Row[]> {
  await pushFiles(product, 'one', { 'one.dag.yaml': unlimited(`${head('one')}  - {id: t0, ${cell}}\n`) })
  await pushFiles(product, 'chain', { 'chain.dag.yaml': unlimited(chain('chain', 10, cell)) })
  await runAll(product, 'one', 20)
  const { spec } = sightings
  const ours: number[] = []
  const floor: number[] = []
  const chained: number[] = []
  const perPod: number[] = []
  const reactions: number[] = []
  const progress = new Progress(`${size.single} pods:`, size.rounds)
  for (let i = 0; i < size.rounds; i++) {
    const before = await podRequests(calls)
    ours.push((await runAll(product, 'one', size.single)).ms)
    const after = await podRequests(calls)
    const made = writes.reduce((sum, verb) => sum + (after.get(verb) ?? 0) - (before.get(verb) ?? 0), 0)
    perPod.push(made / size.single)
    floor.push(await barePods(calls, { namespace, spec, count: size.single }))
    const { ms, ids } = await runAll(product, 'chain', size.chains)
    chained.push(ms)
    reactions.push(...sightings.reactions(ids, 10))
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
    rate(`${size.chains} chains of 10`, size.chains * 10, chained),
    {
      figure: 'parent has succeeded → child is there, in the chains',
      'p50 ms': round(median(reactions)),
      'p99 ms': round(quantile(reactions, 0.99)),
    },
    { figure: 'writes of pods, by ours', 'a pod': round(median(perPod)) },
  ]
}

async function onProduct(calls: Calls, size: Size): Promise<Row[]> {
  const folder = await keptFolder()
  const port = await freePort()
  const address = `http://${network.host}:${port}`
  const clusters = join(folder.path, 'clusters.yaml')
  const settings = {
    DAGBOK_CLUSTERS_FILE: clusters,
    HOST: network.host,
    NEXTAUTH_URL: address,
    DAGBOK_ALLOW_PROCESS: '1',
  }
  const one = {
    kubeconfig: kubeconfigOf('admin'),
    address,
    agent_image: 'none/none',
    pods: 2000,
    creations: 10_000,
  }
  await writeFile(clusters, JSON.stringify({ instance: 'bench', clusters: { default: one } }))
  const sightings = new Sightings()
  const fake = new FakeNodes({
    calls,
    count: nodes,
    beforeCode: passGate,
    onSeen: (pod) => {
      sightings.note(sightings.seen, pod)
      sightings.spec = bareSpec(pod.spec)
    },
    onSucceeded: (pod) => sightings.note(sightings.ended, pod),
  })
  await fake.start()
  try {
    const product = await startProduct({ seed: false, folder: folder.path, port, settings })
    try {
      return await measure(product, calls, sightings, size)
    } finally {
      await product.stop()
    }
  } finally {
    await fake.stop()
    await folder.remove()
    if (fake.faults.length > 0) console.error(`${fake.faults.length} faults of the nodes:`, fake.faults[0])
  }
}

/** @returns rows of the table. @throws ClusterError where there can be no cluster; when a run fails */
export async function pods(size: Size): Promise<Row[]> {
  const before = await clusterState()
  await up(before ?? { minor: '1.35', nodes: 1 }, (text) => console.error(text))
  try {
    const calls = callsOf({ kubeconfig: kubeconfigOf('admin'), context: null })
    const body = {
      type: 'application/json',
      value: { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    }
    await calls.json({ method: 'POST', path: '/api/v1/namespaces', body, withinMs: 60_000 })
    return await onProduct(calls, size)
  } finally {
    if (before === null) await down()
  }
}
