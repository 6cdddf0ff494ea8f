/** The product and an Airflow side by side, with the same graphs of bash tasks: started, run, and judged alike. */
import { withPostgres } from '../postgres-floor.ts'
import { proportionalMemory } from '../processes.ts'
import { startProduct, type Product } from '../product.ts'
import { pushFiles, startRun, succeeded, untilOver } from '../runs.ts'
import { round, type Row } from '../statistics.ts'
import { startAirflow, type Airflow, type Span } from './airflow.ts'
import { checkOrder, specOf, type Graph } from './graphs.ts'

/** Airflow's scheduler looks for work once a second by default; `tuned` it looks ten times a second. */
const configurations: Record<string, Record<string, string>> = {
  defaults: {},
  tuned: { 'scheduler.scheduler_idle_sleep_time': '0.1' },
}

const repository = 'beside'

/** Every task says when it began, which is also the proof that it ran. */
export const sayWhen = 'echo "at=$EPOCHREALTIME"'
const said = /^at=(\d+)[.,](\d{6})$/gm

/** ms since 1970 at which a task began. @throws unless its log says so exactly once */
function beganAt(log: string, task: string): number {
  const [at, ...more] = log.matchAll(said)
  if (at === undefined || more.length > 0) throw new Error(`${task} did not print its time once:\n${log}`)
  return Number(at[1]) * 1000 + Number(at[2]) / 1000
}

/** One run that is over and was right, as its own side kept its times. `code`: the first line of any task. */
export interface Ran extends Span {
  code: number
}

/** One of the two. */
export interface Contestant {
  trigger: (graph: Graph) => Promise<string>
  /** Waits for its end, lightly. */
  over: (graph: Graph, run: string) => Promise<unknown>
  /** Waits, and reads everything. @throws unless each task ran once, in order, and printed its time once */
  ended: (graph: Graph, run: string) => Promise<Ran>
}

/** All of `graph.tasks`, each with its log. */
async function firstCode(graph: Graph, log: (task: string) => Promise<string>): Promise<number> {
  const times: number[] = []
  for (const { name } of graph.tasks) times.push(beganAt(await log(name), name))
  return Math.min(...times)
}

/** Runs of a DAG that may be newer than the one that is waited for. */
const newest = 50

const ours = (product: Product): Contestant => ({
  trigger: ({ id }) => startRun(product, repository, id),
  over: (graph, id) => untilOver(product, repository, graph.id, [id], { newest }),
  ended: async (graph, id) => {
    await untilOver(product, repository, graph.id, [id], { newest })
    const run = await succeeded(product, id)
    checkOrder(
      graph,
      run.taskRuns.map((task) => ({
        task_id: task.task,
        state: task.state === 'succeeded' ? 'success' : task.state,
        try_number: task.attempts.length,
        start_date: task.startedAt,
        end_date: task.endedAt,
      })),
    )
    const log = async (task: string) => String(await product.api(`/runs/${id}/tasks/${task}/attempts/1/log`))
    return {
      triggered: Date.parse(run.createdAt),
      ended: Date.parse(run.endedAt ?? ''),
      code: await firstCode(graph, log),
    }
  },
})

const theirs = (airflow: Airflow): Contestant => ({
  trigger: (graph) => airflow.trigger(graph),
  over: (graph, run) => airflow.over(graph, run),
  ended: async (graph, run) => ({
    ...(await airflow.ended(graph, run)),
    code: await firstCode(graph, (task) => airflow.log(graph, run, task)),
  }),
})

/** PSS, without Postgres. */
async function memoryRow(airflow: Airflow, when: string): Promise<Row> {
  const pids = await airflow.pids()
  const figure = `${when}: memory of ${pids.length} processes`
  return { figure, MB: round((await proportionalMemory(pids)) / 1e6) }
}

export interface Beside {
  product: Contestant
  airflow: Contestant
  /** Airflow with its version and configuration. */
  name: string
}

/** `reason` in one line, as the table has it for a peer that cannot be had. */
export const leftOut = (reason: unknown, name = 'Airflow'): Row => ({
  figure: `${name} left out: ${String(reason).split('\n')[0]}`,
})

/**
 * One Airflow after the other, named as in `configurations`, with what it uses of memory; one that cannot be had is a row
 * with the reason. @throws when a run is not right
 */
export async function besideAirflow(
  names: readonly string[],
  graphs: Graph[],
  measure: (both: Beside) => Promise<Row[]>,
): Promise<Row[]> {
  const one = async (product: Product, name: string): Promise<Row[]> =>
    withPostgres(async (server) => {
      const airflow = await startAirflow(server, graphs, configurations[name] ?? {}).catch(String)
      if (typeof airflow === 'string') return [leftOut(airflow, `Airflow, ${name},`)]
      try {
        const full = `${airflow.name}, ${name}`
        const fresh = await memoryRow(airflow, `${full}, started`)
        const rows = await measure({ product: ours(product), airflow: theirs(airflow), name: full })
        return [...rows, fresh, await memoryRow(airflow, `${full}, after them`)]
      } finally {
        await airflow.stop()
      }
    })
  const product = await startProduct({ seed: false })
  try {
    const files = Object.fromEntries(graphs.map((graph) => [`${graph.id}.dag.yaml`, specOf(graph)]))
    await pushFiles(product, repository, files)
    const rows: Row[] = []
    for (const name of names) rows.push(...(await one(product, name)))
    return rows
  } finally {
    await product.stop()
  }
}
