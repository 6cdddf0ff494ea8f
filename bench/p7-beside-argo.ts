/**
 * P7 beside Argo's workflow-controller: runs of one pod and chains of ten on the same API server and the same nodes without a
 * machine, ours and Argo's in turn. What the agents in a pod tell is left out on both sides, but for our gate, without which no
 * code would start: of Argo's the objects in which its wait container reports, which its controller does not wait for.
 */
import { kubeconfigOf } from '#k8s/test-cluster/keys.ts'
import { FakeNodes } from '#k8s/test-cluster/fake-nodes.ts'
import type { Calls } from '#workers/executors/kubernetes/calls.ts'
import { leftOut } from './harness/airflow/beside.ts'
import { configurations, startController, type Configuration } from './harness/argo/controller.ts'
import { ArgoOnCluster } from './harness/argo/on-cluster.ts'
import { argoProgram, argoVersion, type ArgoProgram } from './harness/argo/program.ts'
import { argoPlace } from './harness/argo/workflow.ts'
import { inTurn } from './harness/in-turn.ts'
import { cpuSecondsOfAll, descendants, proportionalMemory } from './harness/processes.ts'
import type { Product } from './harness/product.ts'
import { compare, median, quantile, round, type Row } from './harness/statistics.ts'
import { namespace, onCluster, withProduct } from './pods/on-cluster.ts'
import {
  chainLength,
  ourPlace,
  passGate,
  pushPodDags,
  runOurs,
  startedAtOnce,
  unlimitedCluster,
  type Runs,
} from './pods/our-pods.ts'
import { Sightings } from './pods/sightings.ts'

interface Size {
  /** Runs of one pod. */
  single: number
  /** Chains of ten. */
  chains: number
  rounds: number
}

const nodes = 100

/** One of the two. */
interface Side {
  name: string
  run: (of: { count: number; length: number }) => Promise<Runs>
  pid: number
}

/** What a side used and how soon it went on, over all rounds. */
interface Used {
  cpuSeconds: number
  reactions: number[]
}

const peer = 'Argo'

async function workload(
  sides: readonly Side[],
  sightings: Sightings,
  { count, length, rounds, what }: { count: number; length: number; rounds: number; what: string },
): Promise<Row[]> {
  const used = new Map<string, Used>(sides.map(({ name }) => [name, { cpuSeconds: 0, reactions: [] }]))
  const once = async ({ name, run, pid }: Side): Promise<number> => {
    const before = await cpuSecondsOfAll(await descendants(pid))
    const { ids, check } = await run({ count, length })
    const own = used.get(name)
    if (own !== undefined) {
      own.cpuSeconds += (await cpuSecondsOfAll(await descendants(pid))) - before
      own.reactions.push(...sightings.reactions(ids, length))
    }
    return check()
  }
  const turns = sides.map((side) => ({ name: side.name, once: () => once(side) }))
  const values = await inTurn(turns, rounds, `${what} beside ${peer}:`, { warmUp: false })
  const theirs = values.get(sides[1]?.name ?? '')
  return sides.map(({ name }) => {
    const own = values.get(name) ?? []
    const { cpuSeconds, reactions } = used.get(name) ?? { cpuSeconds: 0, reactions: [] }
    const pods = count * length
    return {
      figure: `${what}: ${name}`,
      s: round(median(own) / 1000),
      'pods/s': round((pods / median(own)) * 1000),
      'cpu ms a pod': round((cpuSeconds * 1000) / pods / rounds),
      ...(reactions.length === 0
        ? {}
        : {
            'parent → child p50 ms': round(median(reactions)),
            'p99 ms': round(quantile(reactions, 0.99)),
          }),
      ...compare(own, { [peer]: theirs }),
    }
  })
}

interface Both {
  product: Product
  argo: ArgoOnCluster
  program: ArgoProgram
  sightings: Sightings
}

/** Ours and one controller in turn, which is there only for that. */
async function besideOne(
  { product, argo, program: { program }, sightings }: Both,
  configuration: Configuration,
  name: string,
  { single, chains, rounds }: Size,
): Promise<Row[]> {
  const controller = await startController(
    { program, kubeconfig: kubeconfigOf('admin'), namespace },
    configuration,
  )
  try {
    const sides: Side[] = [
      {
        name: `ours beside Argo, ${name}`,
        run: ({ count, length }) =>
          runOurs(product, length === 1 ? 'one' : 'chain', { count, tasks: length }),
        pid: product.pid,
      },
      {
        name: `Argo ${argoVersion}, ${name}`,
        run: (of) => argo.run({ ...of, atOnce: startedAtOnce }, controller.gone),
        pid: controller.pid,
      },
    ]
    // It is there when it has ended one; and neither side's first runs count.
    for (const { run } of sides) await (await run({ count: 20, length: 1 })).check()
    const rows = [
      ...(await workload(sides, sightings, {
        count: single,
        length: 1,
        rounds,
        what: `${single} runs of one pod`,
      })),
      ...(await workload(sides, sightings, {
        count: chains,
        length: chainLength,
        rounds,
        what: `${chains} chains of ${chainLength}`,
      })),
    ]
    for (const { name: figure, pid } of sides)
      rows.push({
        figure: `memory after them: ${figure}`,
        MB: round((await proportionalMemory(await descendants(pid))) / 1e6),
      })
    return rows
  } finally {
    await controller.stop()
  }
}

async function besideAll(calls: Calls, program: ArgoProgram, size: Size): Promise<Row[]> {
  const sightings = new Sightings((pod) => ourPlace(pod) ?? argoPlace(pod))
  const argo = new ArgoOnCluster(calls, namespace)
  const fake = new FakeNodes({
    calls,
    count: nodes,
    namespace,
    beforeCode: passGate,
    onSeen: (pod) => sightings.seen(pod),
    onSucceeded: (pod) => sightings.succeeded(pod),
  })
  await argo.install(program.definitions)
  await fake.start()
  try {
    return await withProduct(unlimitedCluster, async (product) => {
      await pushPodDags(product)
      const rows: Row[] = []
      for (const [name, configuration] of Object.entries(configurations))
        rows.push(...(await besideOne({ product, argo, program, sightings }, configuration, name, size)))
      return rows
    })
  } finally {
    await fake.stop()
    await argo.uninstall()
    if (fake.faults.length > 0) console.error(`${fake.faults.length} faults of the nodes:`, fake.faults[0])
  }
}

/**
 * @returns rows of the table; one with the reason where the controller cannot be built
 * @throws ClusterError where there can be no cluster; when a run is not right
 */
export async function podsBesideArgo(size: Size): Promise<Row[]> {
  const program = await argoProgram((text) => console.error(text)).catch(String)
  if (typeof program === 'string') return [leftOut(program, peer)]
  return onCluster(1, (calls) => besideAll(calls, program, size))
}
