/** Graphs of bash tasks, as Airflow gets them and as a run of one must have been. */

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

/** A task of a run, as Airflow's API has it. */
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
