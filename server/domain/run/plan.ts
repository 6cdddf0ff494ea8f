/** What the scheduler needs of a spec: tasks as numbers, edges both ways, items by key. Made once per version. */
import type { Task } from '../dag/spec.ts'
import type { RetryPolicy } from './retry.ts'
import type { TriggerRule } from './states.ts'

export type PlannedTask = RetryPolicy &
  Pick<Task, 'id' | 'needs' | 'trigger_rule' | 'if' | 'matrix' | 'joined' | 'allow_failure'>

export interface Parent {
  node: number
  /** Inside a component under one matrix: item i waits for the parent's item of the same key, not for the fold. */
  joined: boolean
}

export interface PlanNode {
  task: string
  rule: TriggerRule
  conditional: boolean
  allowFailure: boolean
  policy: RetryPolicy
  /** Keys of the items in order; `[null]` when it is not expanded. */
  keys: readonly (string | null)[]
  /** Item key → its position. */
  positions: ReadonlyMap<string | null, number>
  parents: readonly Parent[]
  children: readonly number[]
}

export interface Plan {
  nodes: readonly PlanNode[]
  /** Task id → its number. */
  numbers: ReadonlyMap<string, number>
  items: number
}

/** @throws when a need names no task: a spec that the compiler accepted has none */
export function makePlan(tasks: readonly PlannedTask[]): Plan {
  const numbers = new Map(tasks.map((task, i) => [task.id, i]))
  const children: number[][] = tasks.map(() => [])
  const nodes = tasks.map((task, i): PlanNode => {
    const parents = task.needs.map((need): Parent => {
      const node = numbers.get(need)
      const parent = node === undefined ? undefined : tasks[node]
      if (node === undefined || parent === undefined)
        throw new Error(`task ${task.id} needs ${need}, which is not in the spec`)
      children[node]?.push(i)
      return { node, joined: task.joined !== null && task.joined === parent.joined }
    })
    const { retries, retry_delay, retry_backoff, infrastructure_retries } = task
    const keys = task.matrix?.map((item) => item.key) ?? [null]
    return {
      task: task.id,
      rule: task.trigger_rule,
      conditional: task.if.length > 0,
      allowFailure: task.allow_failure,
      policy: { retries, retry_delay, retry_backoff, infrastructure_retries },
      keys,
      positions: new Map(keys.map((key, position) => [key, position])),
      parents,
      children: children[i] ?? [],
    }
  })
  return { nodes, numbers, items: nodes.reduce((sum, node) => sum + node.keys.length, 0) }
}
