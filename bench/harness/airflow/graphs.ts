/** Graphs of bash tasks, as Airflow and the product get them, and as a run of one must have been. */
import { head } from '../runs.ts'

export interface Graph {
  id: string
  /** What each task runs in bash. */
  command: string
  tasks: { name: string; needs: string[] }[]
}

/** `length` tasks, each after the one before. */
export const chainGraph = (id: string, length: number, command: string): Graph => ({
  id,
  command,
  tasks: Array.from({ length }, (_, i) => ({ name: `t${i}`, needs: i === 0 ? [] : [`t${i - 1}`] })),
})

/** One task, `width` tasks after it, and one after them all. */
export const fanGraph = (id: string, width: number, command: string): Graph => {
  const middle = Array.from({ length: width }, (_, i) => ({ name: `t${i}`, needs: ['first'] }))
  const last = { name: 'last', needs: middle.map(({ name }) => name) }
  return { id, command, tasks: [{ name: 'first', needs: [] }, ...middle, last] }
}

/** `count` tasks that need nothing. */
export const wideGraph = (id: string, count: number, command: string): Graph => ({
  id,
  command,
  tasks: Array.from({ length: count }, (_, i) => ({ name: `t${i}`, needs: [] })),
})

/** Layers of 20 tasks, each after two of the layer before. */
export function layeredGraph(id: string, count: number, command: string): Graph {
  const width = 20
  const above = (i: number) => {
    const start = i - width - (i % width)
    return [`t${start + (i % width)}`, `t${start + ((i + 1) % width)}`]
  }
  const tasks = Array.from({ length: count }, (_, i) => ({ name: `t${i}`, needs: i < width ? [] : above(i) }))
  return { id, command, tasks }
}

/** The graph as the product's `.dag.yaml`: a string of JSON is one of YAML, too. */
export const specOf = ({ id, command, tasks }: Graph): string =>
  head(id) +
  tasks
    .map(({ name, needs }) => {
      const after = needs.length === 0 ? '' : `needs: [${needs.join(', ')}], `
      return `  - {id: ${name}, ${after}script: {lang: bash, text: ${JSON.stringify(command)}}}\n`
    })
    .join('')

/** The graph as a DAG file. It has strings, lists and objects only: as JSON writes them Python reads them. */
export const dagFile = (
  graph: Graph,
): string => `from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

graph = ${JSON.stringify(graph)}

with DAG(dag_id=graph["id"], schedule=None) as dag:
    tasks = {}
    for task in graph["tasks"]:
        name = task["name"]
        tasks[name] = BashOperator(task_id=name, bash_command=graph["command"])
        for above in task["needs"]:
            tasks[above] >> tasks[name]
`

/** A task of a run, as Airflow's API has it; the product's are told in the same words. */
export interface TaskInstance {
  task_id: string
  state: string | null
  try_number: number
  start_date: string | null
  end_date: string | null
}

const at = (date: string | null | undefined) => Date.parse(date ?? '')

/** @throws unless each task succeeded, ran exactly once, and began when those it needs were over */
export function checkOrder(graph: Graph, instances: readonly TaskInstance[]): void {
  const byName = new Map(instances.map((instance) => [instance.task_id, instance]))
  if (instances.length !== graph.tasks.length)
    throw new Error(`${graph.id} has ${instances.length} task instances instead of ${graph.tasks.length}`)
  for (const { name, needs } of graph.tasks) {
    const instance = byName.get(name)
    if (instance?.state !== 'success' || instance.try_number !== 1)
      throw new Error(`${graph.id}.${name} is ${instance?.state}, try ${instance?.try_number}`)
    const early = needs.find((above) => !(at(byName.get(above)?.end_date) <= at(instance.start_date)))
    if (early !== undefined) throw new Error(`${graph.id}.${name} began before ${early} was over`)
  }
}
