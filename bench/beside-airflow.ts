/**
 * P1, P3, P4, P5 and P6 beside Airflow: a process a task on both sides, bash in each, state in Postgres, logs kept. Where
 * Airflow takes long the graphs are smaller than those of the workload, for both, and the row says how large.
 */
import { besideAirflow, sayWhen, type Contestant } from './harness/airflow/beside.ts'
import { chainGraph, fanGraph, layeredGraph, wideGraph, type Graph } from './harness/airflow/graphs.ts'
import { inTurn } from './harness/in-turn.ts'
import { compare, median, round, spread, type Row } from './harness/statistics.ts'
import { wallMs } from './harness/wall-clock.ts'

export interface Rounds {
  rounds: number
  /** Of Airflow: `defaults`, `tuned`. */
  configurations: readonly string[]
}

interface Measured {
  graph: Graph
  what: string
  /** ms of one round. */
  once: (side: Contestant) => Promise<number>
  columns: (values: number[]) => Row
}

/** A run of Airflow that failed counts as one that took for ever; `tell` hears why. One of ours fails the measure. */
const orForEver = (once: () => Promise<number>, tell: (reason: string) => void) => () =>
  once().catch((error: unknown) => {
    tell(String(error).split('\n')[0] ?? '')
    return Infinity
  })

/** Ours and Airflow in turn, one measure after the other. */
const measure = (options: Rounds, graphs: Graph[], all: Measured[]): Promise<Row[]> =>
  besideAirflow(options.configurations, graphs, async ({ product, airflow, name }) => {
    const rows: Row[] = []
    for (const { graph, what, once, columns } of all) {
      const failures: string[] = []
      const sides = [
        { name: 'ours', once: () => once(product) },
        {
          name,
          once: orForEver(
            () => once(airflow),
            (reason) => failures.push(reason),
          ),
        },
      ]
      const values = await inTurn(sides, options.rounds, `${graph.id} beside ${name}:`)
      for (const [side, own] of values)
        rows.push({
          figure: `${what}: ${side === name ? name : `ours beside ${name}`}`,
          ...columns(own),
          ...compare(own, { Airflow: values.get(name) }),
        })
      rows.push(...failures.map((reason) => ({ figure: `counted as infinite: ${reason}` })))
    }
    return rows
  })

/** One run, from trigger to end. */
const runOf = (graph: Graph) => async (side: Contestant) => {
  const { triggered, ended } = await side.ended(graph, await side.trigger(graph))
  return ended - triggered
}

const rate = (tasks: number) => (values: number[]) => ({
  'p50 ms': round(median(values)),
  'ms a task': round(median(values) / tasks),
  'tasks/s': round((tasks / median(values)) * 1000),
})

/** P1: chains of these lengths, from trigger to end by the times that each side keeps. @returns rows; throws when a run is not right */
export function chainsBesideAirflow(options: Rounds & { lengths: number[] }): Promise<Row[]> {
  const graphs = options.lengths.map((length) => chainGraph(`chain_${length}`, length, sayWhen))
  const all = graphs.map((graph) => ({
    graph,
    what: 'chain, bash',
    once: runOf(graph),
    columns: (values: number[]) => ({
      length: graph.tasks.length,
      ...spread(values),
      'ms a task': round(median(values) / graph.tasks.length),
    }),
  }))
  return measure(options, graphs, all)
}

/** P3: 1 → `width` → 1. @returns rows; throws when a run is not right */
export function fanBesideAirflow(options: Rounds & { width: number }): Promise<Row[]> {
  const graph = fanGraph(`fan_${options.width}`, options.width, sayWhen)
  const what = `1 → ${options.width} → 1, bash`
  return measure(options, [graph], [{ graph, what, once: runOf(graph), columns: rate(graph.tasks.length) }])
}

const length = 10

/** All runs of all graphs, started one after the other and then waited for. @returns ms from the first trigger to the last end */
async function manyOnce(side: Contestant, graphs: Graph[], runs: number): Promise<number> {
  const started: { graph: Graph; run: string }[] = []
  for (let n = 0; n < runs; n++)
    for (const graph of graphs) started.push({ graph, run: await side.trigger(graph) })
  // What is read of a run takes time from those that still run.
  for (const { graph, run } of started) await side.over(graph, run)
  let [first, last] = [Infinity, 0]
  for (const { graph, run } of started) {
    const { triggered, ended } = await side.ended(graph, run)
    first = Math.min(first, triggered)
    last = Math.max(last, ended)
  }
  return last - first
}

/** P4: `dags` × `runs` × chains of 10. @returns rows; throws when a run is not right */
export function manyBesideAirflow(options: Rounds & { dags: number; runs: number }): Promise<Row[]> {
  const { dags, runs } = options
  const graphs = Array.from({ length: dags }, (_, i) => chainGraph(`many_${i}`, length, sayWhen))
  const [graph] = graphs
  if (graph === undefined) throw new Error('no DAG')
  const tasks = dags * runs * length
  const what = `${dags} DAGs × ${runs} runs × ${length} tasks, bash`
  const once = (side: Contestant) => manyOnce(side, graphs, runs)
  return measure(options, graphs, [{ graph, what, once, columns: rate(tasks) }])
}

/** P5: from the request to the first line of a task. @returns rows; throws when a run is not right */
export function triggerBesideAirflow(options: Rounds): Promise<Row[]> {
  const graph = chainGraph('chain_1', 1, sayWhen)
  const once = async (side: Contestant) => {
    const start = wallMs()
    const { code } = await side.ended(graph, await side.trigger(graph))
    return code - start
  }
  return measure(
    options,
    [graph],
    [{ graph, what: 'trigger → first byte of code, bash', once, columns: spread }],
  )
}

/** P6: so many tasks that need nothing, in layers, in a chain. @returns rows; throws when a run is not right */
export function shapesBesideAirflow(
  options: Rounds & { wide: number; layered: number; deep: number },
): Promise<Row[]> {
  const graphs = {
    wide: wideGraph(`wide_${options.wide}`, options.wide, sayWhen),
    layered: layeredGraph(`layered_${options.layered}`, options.layered, sayWhen),
    deep: chainGraph(`deep_${options.deep}`, options.deep, sayWhen),
  }
  const all = Object.entries(graphs).map(([shape, graph]) => ({
    graph,
    what: `${shape}, ${graph.tasks.length} tasks, bash`,
    once: runOf(graph),
    columns: rate(graph.tasks.length),
  }))
  return measure(options, Object.values(graphs), all)
}
