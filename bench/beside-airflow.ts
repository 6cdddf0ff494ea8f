/**
 * P1, P3 and P5 beside Airflow: a process a task on both sides, bash in each, state in Postgres, logs kept. Airflow's
 * scheduler looks for work once a second by default; `tuned` it looks ten times a second. Both are measured.
 */
import { startAirflow, type Airflow } from './harness/airflow/airflow.ts'
import { chainGraph, fanGraph, type Graph } from './harness/airflow/graphs.ts'
import { inTurn } from './harness/in-turn.ts'
import { withPostgres } from './harness/postgres-floor.ts'
import { startProduct, type Product } from './harness/product.ts'
import { chain, fan, pushFiles, spanOf, startRun, untilOver } from './harness/runs.ts'
import { median, pairRatio, quantile, round, type Row } from './harness/statistics.ts'
import { wallMs } from './harness/wall-clock.ts'

const configurations: Record<string, Record<string, string>> = {
  defaults: {},
  tuned: { 'scheduler.scheduler_idle_sleep_time': '0.1' },
}

/** Every task says when it began, which is also the proof that it ran. */
const command = 'echo "at=$EPOCHREALTIME"'
const cell = `script: {lang: bash, text: '${command}'}`
const said = /^at=(\d+)[.,](\d{6})$/gm

/** ms since 1970 at which a task began. @throws unless its log says so exactly once */
function beganAt(log: string, task: string): number {
  const [at, ...more] = log.matchAll(said)
  if (at === undefined || more.length > 0) throw new Error(`${task} did not print its time once:\n${log}`)
  return Number(at[1]) * 1000 + Number(at[2]) / 1000
}

interface Shape {
  graph: Graph
  /** The same graph for the product. */
  spec: string
}

const chainOf = (length: number): Shape => {
  const id = `chain_${length}`
  return { graph: chainGraph(id, length, command), spec: chain(id, length, cell) }
}

const fanOf = (width: number): Shape => {
  const id = `fan_${width}`
  return { graph: fanGraph(id, width, command), spec: fan(id, width, cell) }
}

/** One run to its end, with every log read. `total`: from trigger to end; `code`: to the first task's first line. */
interface Sample {
  total: number
  code: number
}

async function oursOnce(product: Product, { id, tasks }: Graph): Promise<Sample> {
  const start = wallMs()
  const run = await startRun(product, 'beside', id)
  await untilOver(product, 'beside', id, [run])
  const total = await spanOf(product, [run], tasks.length)
  const times: number[] = []
  for (const { name } of tasks)
    times.push(beganAt(String(await product.api(`/runs/${run}/tasks/${name}/attempts/1/log`)), name))
  return { total, code: Math.min(...times) - start }
}

async function airflowOnce(airflow: Airflow, graph: Graph): Promise<Sample> {
  const start = wallMs()
  const run = await airflow.trigger(graph)
  const total = await airflow.ended(graph, run)
  const times: number[] = []
  for (const { name } of graph.tasks) times.push(beganAt(await airflow.log(graph, run, name), name))
  return { total, code: Math.min(...times) - start }
}

/** PSS, without Postgres. */
const memoryRow = async (airflow: Airflow, when: string): Promise<Row> => {
  const { bytes, processes } = await airflow.memory()
  return { figure: `${when}: memory of ${processes} processes`, MB: round(bytes / 1e6) }
}

interface Measured {
  shapes: Shape[]
  rounds: number
  of: keyof Sample
  what: string
  columns: (graph: Graph, values: number[]) => Row
}

async function measure(product: Product, airflow: Airflow, name: string, all: Measured): Promise<Row[]> {
  const fresh = await memoryRow(airflow, `${name}, started`)
  const rows: Row[] = []
  for (const { graph } of all.shapes) {
    const ours = { name: 'ours', once: async () => (await oursOnce(product, graph))[all.of] }
    const peer = { name, once: async () => (await airflowOnce(airflow, graph))[all.of] }
    const values = await inTurn([ours, peer], all.rounds, `${graph.id} beside ${name}:`)
    const compared = values.get(name) ?? []
    for (const [side, own] of values)
      rows.push({
        figure: `${all.what}: ${side === name ? name : `ours beside ${name}`}`,
        ...all.columns(graph, own),
        '÷ Airflow': round(pairRatio(own, compared)),
      })
  }
  return [...rows, fresh, await memoryRow(airflow, `${name}, after them`)]
}

/** One Airflow after the other; one that cannot be had is named with the reason. @throws when a run is not right */
async function besideAirflow(names: string[], all: Measured): Promise<Row[]> {
  const product = await startProduct({ seed: false })
  try {
    const files = Object.fromEntries(all.shapes.map(({ graph, spec }) => [`${graph.id}.dag.yaml`, spec]))
    await pushFiles(product, 'beside', files)
    const rows: Row[] = []
    for (const name of names)
      rows.push(
        ...(await withPostgres(async (server): Promise<Row[]> => {
          const graphs = all.shapes.map(({ graph }) => graph)
          const airflow = await startAirflow(server, graphs, configurations[name] ?? {}).catch(String)
          if (typeof airflow === 'string') return [{ figure: `Airflow, ${name}, left out: ${airflow}` }]
          try {
            return await measure(product, airflow, `${airflow.name}, ${name}`, all)
          } finally {
            await airflow.stop()
          }
        })),
      )
    return rows
  } finally {
    await product.stop()
  }
}

export interface Beside {
  rounds: number
  /** Of Airflow: `defaults`, `tuned`. */
  configurations: string[]
}

const spread = (values: number[]) => ({
  'p50 ms': round(median(values)),
  'p95 ms': round(quantile(values, 0.95)),
})

/** P1: chains of these lengths, from trigger to end by the times that each side keeps. @returns rows; throws when a run is not right */
export const chainsBesideAirflow = (options: Beside & { lengths: number[] }): Promise<Row[]> =>
  besideAirflow(options.configurations, {
    shapes: options.lengths.map(chainOf),
    rounds: options.rounds,
    of: 'total',
    what: 'chain, bash',
    columns: ({ tasks: { length } }, values) => ({
      length,
      ...spread(values),
      'ms a task': round(median(values) / length),
    }),
  })

/** P3: 1 → `width` → 1. @returns rows; throws when a run is not right */
export const fanBesideAirflow = (options: Beside & { width: number }): Promise<Row[]> =>
  besideAirflow(options.configurations, {
    shapes: [fanOf(options.width)],
    rounds: options.rounds,
    of: 'total',
    what: `1 → ${options.width} → 1, bash`,
    columns: ({ tasks }, values) => ({
      'p50 ms': round(median(values)),
      'tasks/s': round((tasks.length / median(values)) * 1000),
    }),
  })

/** P5: from the request to the first line of a task. @returns rows; throws when a run is not right */
export const triggerBesideAirflow = (options: Beside): Promise<Row[]> =>
  besideAirflow(options.configurations, {
    shapes: [chainOf(1)],
    rounds: options.rounds,
    of: 'code',
    what: 'trigger → first byte of code',
    columns: (_, values) => spread(values),
  })
