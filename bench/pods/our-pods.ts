/** Ours on nodes without a machine: runs of one pod and chains of them, started over the API, with their start gate. */
import { setTimeout as pause } from 'node:timers/promises'
import { fakeLabel, type FakePod } from '#k8s/test-cluster/fake-nodes.ts'
import { ownPrefix } from '#server/domain/pod/names.ts'
import { DeskClient } from '#workers/executors/pool/desk-client.ts'
import { nobody } from '#workers/executors/pool/protocol.ts'
import type { Product } from '../harness/product.ts'
import {
  chain,
  head,
  isOver,
  newestRuns,
  pushFiles,
  spanOf,
  startRun,
  type RunAnswer,
} from '../harness/runs.ts'
import type { PlaceOf } from './sightings.ts'

/** Runs that are started at the same time, on either side. */
export const startedAtOnce = 16
/** Tasks of a chain. */
export const chainLength = 10
/** Settings of the cluster: no limit is what is measured. */
export const unlimitedCluster = { agent_image: 'none/none', pods: 2000, creations: 10_000 }

/** Runs that a list gives at most. */
const listed = 200
const cell = `executor: kubernetes, image: none/none, node_selector: {${fakeLabel}: "yes"}, tolerations: [{key: ${fakeLabel}, operator: Exists}]`
const unlimited = (notebook: string) =>
  notebook.replace('tasks:\n', 'limits: {max_active_runs: 10000}\ntasks:\n')

/** Pushes the DAGs `one` (a pod) and `chain` (of `chainLength`). */
export async function pushPodDags(product: Product): Promise<void> {
  await pushFiles(product, 'one', { 'one.dag.yaml': unlimited(`${head('one')}  - {id: t0, ${cell}}\n`) })
  await pushFiles(product, 'chain', { 'chain.dag.yaml': unlimited(chain('chain', chainLength, cell)) })
}

/** Of a pod of ours. */
export const ourPlace: PlaceOf = ({ metadata: { annotations = {} } }) => {
  const [run, task] = [annotations[`${ownPrefix}run`], annotations[`${ownPrefix}task`]]
  return run === undefined || task === undefined ? null : { run, task }
}

/** The gate's question, as the agent in the pod asks it; of another's pod nothing. @throws when it is shut */
export async function passGate({ metadata: { uid, annotations }, spec }: FakePod): Promise<void> {
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

/** Runs that are over. */
export interface Runs {
  ids: string[]
  /** Reads and checks all. @returns ms from the first one's start to the last one's end; throws when one is not right */
  check: () => Promise<number>
}

/** Starts runs of a DAG and waits for all. A task of them that ran never or twice is not right, nor a run that did not succeed. */
export async function runOurs(
  product: Product,
  dag: 'one' | 'chain',
  { count, tasks }: { count: number; tasks: number },
): Promise<Runs> {
  const ids: string[] = []
  let left = count
  const starter = async () => {
    while (left-- > 0) ids.push(await startRun(product, dag, dag))
  }
  await Promise.all(Array.from({ length: startedAtOnce }, starter))
  // Seldom: each question takes time from what is measured, and the times are the product's own.
  while (!(await newestRuns(product, dag, dag, Math.min(listed, count))).every(isOver)) await pause(1000)
  const check = async () => {
    // Those that the list no longer has are over, too, but for stragglers.
    for (const id of ids) while (!isOver((await product.api(`/runs/${id}`)) as RunAnswer)) await pause(1000)
    return spanOf(product, ids, tasks)
  }
  return { ids, check }
}
