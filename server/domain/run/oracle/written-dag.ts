/** For the oracle: a drawn DAG as an author writes it, a component in a file of its own. */
import { compile } from '../../notebook/compile.ts'
import { formatFault } from '../../notebook/fault.ts'
import { makePlan, type Plan } from '../plan.ts'
import type { DrawnDag, DrawnTask } from './drawn-dag.ts'

const conditional = (condition: boolean | null) =>
  condition === null ? {} : { if: "${{ run.trigger == 'manual' }}" }
const expanded = (width: number, axis = 'k') =>
  width === 1 ? {} : { matrix: { [axis]: Array.from({ length: width }, (_, k) => k) } }

const written = (id: string, task: DrawnTask) => ({
  id,
  command: ['true'],
  ...conditional(task.condition),
  ...expanded(task.width),
  retries: task.retries,
  infrastructure_retries: task.infrastructureRetries,
  allow_failure: task.allowFailure,
  ...(task.overdue ? { deadline: '1ms' } : {}),
})

/** JSON is YAML. @throws Error when the compiler finds a fault */
export function compiled({ cells, finals }: DrawnDag): Plan {
  const files = new Map<string, string>()
  const names = (needs: readonly number[]) => needs.map((need) => `t${need}`)
  const tasks: object[] = []
  for (const [i, cell] of cells.entries()) {
    const id = `t${i}`
    const place = { needs: names(cell.needs), trigger_rule: cell.rule }
    if (cell.kind === 'task') tasks.push({ ...written(id, cell), ...place })
    else {
      tasks.push({
        id,
        uses: `./${id}.dag.yaml`,
        ...conditional(cell.condition),
        ...expanded(cell.width, 'c'),
        ...place,
      })
      const inner = cell.tasks.map((task, k) => ({
        ...written(`u${k}`, task),
        needs: task.needs.map((need) => `u${need}`),
        trigger_rule: task.rule,
      }))
      files.set(`${id}.dag.yaml`, JSON.stringify({ dagbok: 1, id, kind: 'component', tasks: inner }))
    }
  }
  for (const [i, task] of finals.entries())
    tasks.push({ ...written(`t${cells.length + i}`, task), needs: names(task.needs), finally: true })
  const text = JSON.stringify({ dagbok: 1, id: 'x', tasks })
  const { spec, faults } = compile({ path: 'x.dag.yaml', text, readFile: (path) => files.get(path) ?? null })
  if (spec === null) throw new Error(faults.map(formatFault).join('\n'))
  return makePlan(spec.tasks)
}
