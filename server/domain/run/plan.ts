/** What the scheduler needs of a spec: tasks as numbers, edges both ways, items by key. Made once per version. */
import { cellsOf, joinsOf, sharedLevel } from '../dag/joins.ts'
import type { Task } from '../dag/spec.ts'
import type { RetryPolicy } from './retry.ts'
import type { TriggerRule } from './states.ts'

export type PlannedTask = RetryPolicy &
  Pick<
    Task,
    | 'id'
    | 'needs'
    | 'trigger_rule'
    | 'if'
    | 'matrix'
    | 'map'
    | 'joined'
    | 'joins'
    | 'allow_failure'
    | 'finally'
    | 'setup_for'
    | 'teardown_for'
    | 'between'
    | 'latest_only'
    | 'depends_on_past'
    | 'queue_timeout'
    | 'deadline'
    | 'cleanup_timeout'
    | 'action'
  >

export interface Parent {
  node: number
  /**
   * Inside a component under one matrix: an item waits for the parent's items of its own cell, not for the fold of all. Which
   * of the `joins` of both it is; null: they have none in common.
   */
  level: number | null
}

/** Who is to be looked at again when a task, or an item of it, is over. */
export interface Wake extends Parent {
  /** Whether the child counts this task among its parents; a set-up is only asked. */
  counted: boolean
}

/** `teardown` and `finally` tasks are clean-up: they run in a cancelled run, too. */
export type Role = 'ordinary' | 'teardown' | 'finally'

/** What it means for an item to go on: an attempt, a person's answer, or time going by. */
export type Way =
  { kind: 'attempt' } | { kind: 'approve' | 'wait'; timeout: number; onTimeout: 'fail' | 'skip' }

export interface PlanNode {
  task: string
  role: Role
  rule: TriggerRule
  way: Way
  /** Whether the shell must be asked before the expansion, and for each item after it. */
  asksFirst: boolean
  asksEach: boolean
  mapped: boolean
  maxParallel: number | null
  allowFailure: boolean
  policy: RetryPolicy
  /** ms. */
  queueTimeout: number
  deadline: number | null
  cleanupTimeout: number
  /** Keys of the items in order; `[null]` when it is not expanded, or not yet. */
  keys: readonly (string | null)[]
  /** Components with a matrix around it, outermost first: the cell of each item, and the items of each cell. */
  joins: readonly { cellOf: readonly string[]; cells: ReadonlyMap<string, readonly number[]> }[]
  parents: readonly Parent[]
  /** Set-ups that must have succeeded; of a teardown: what it undoes. */
  setUps: readonly number[]
  wakes: readonly Wake[]
}

export interface Plan {
  nodes: readonly PlanNode[]
  /** Task id → its number. */
  numbers: ReadonlyMap<string, number>
  /** Numbers of the `finally` tasks. */
  finals: readonly number[]
  items: number
  /** Items of tasks that are not `finally`. */
  ordinaryItems: number
  /** ms. */
  runTimeout: number | null
}

function wayOf({ action }: PlannedTask): Way {
  if (action.kind !== 'approve' && action.kind !== 'wait') return { kind: 'attempt' }
  return { kind: action.kind, timeout: action.timeout, onTimeout: action.on_timeout }
}

function policyOf(task: PlannedTask): RetryPolicy {
  const { retries, retry_delay, retry_backoff, infrastructure_retries } = task
  const { skip_exit_codes, fail_exit_codes, poll } = task
  return {
    retries,
    retry_delay,
    retry_backoff,
    infrastructure_retries,
    skip_exit_codes,
    fail_exit_codes,
    poll,
  }
}

function nodeOf(task: PlannedTask, parents: Parent[], setUps: number[], wakes: Wake[]): PlanNode {
  const first = task.map === null ? [] : task.if.filter((condition) => !condition.per_item)
  const facts = task.latest_only || task.depends_on_past
  return {
    task: task.id,
    role: task.finally ? 'finally' : task.teardown_for.length > 0 ? 'teardown' : 'ordinary',
    rule: task.trigger_rule,
    way: wayOf(task),
    asksFirst: task.map !== null && (first.length > 0 || facts),
    asksEach: task.if.length > first.length || (task.map === null && facts),
    mapped: task.map !== null,
    maxParallel: task.map?.max_parallel ?? null,
    allowFailure: task.allow_failure,
    policy: policyOf(task),
    queueTimeout: task.queue_timeout,
    deadline: task.deadline,
    cleanupTimeout: task.cleanup_timeout,
    keys: task.matrix?.map((item) => item.key) ?? [null],
    joins: joinsOf(task).map((join) => ({ cellOf: join.keys, cells: cellsOf(join) })),
    parents,
    setUps,
    wakes,
  }
}

/** @throws when a need names no task: a spec that the compiler accepted has none */
export function makePlan(tasks: readonly PlannedTask[], runTimeout: number | null = null): Plan {
  const numbers = new Map(tasks.map((task, i) => [task.id, i]))
  const numberOf = (from: PlannedTask, id: string): number => {
    const node = numbers.get(id)
    if (node === undefined) throw new Error(`task ${from.id} needs ${id}, which is not in the spec`)
    return node
  }
  const wakes: Wake[][] = tasks.map(() => [])
  const setUps = tasks.map((task) => task.teardown_for.map((id) => numberOf(task, id)))
  for (const [node, task] of tasks.entries())
    for (const covered of task.setup_for) setUps[numberOf(task, covered)]?.push(node)
  const parents = tasks.map((task) =>
    [...new Set([...task.needs, ...task.teardown_for, ...task.between])].map((id): Parent => {
      const node = numberOf(task, id)
      const parent = tasks[node]
      return { node, level: parent === undefined ? null : sharedLevel(task, parent) }
    }),
  )
  for (const [node, list] of parents.entries()) {
    for (const { node: parent, level } of list) wakes[parent]?.push({ node, level, counted: level === null })
    for (const setUp of setUps[node] ?? [])
      if (!list.some((parent) => parent.node === setUp))
        wakes[setUp]?.push({ node, level: null, counted: false })
  }
  const nodes = tasks.map((task, i) => nodeOf(task, parents[i] ?? [], setUps[i] ?? [], wakes[i] ?? []))
  const count = (of: readonly PlanNode[]) => of.reduce((sum, node) => sum + node.keys.length, 0)
  return {
    nodes,
    numbers,
    finals: [...nodes.keys()].filter((node) => nodes[node]?.role === 'finally'),
    items: count(nodes),
    ordinaryItems: count(nodes.filter((node) => node.role !== 'finally')),
    runTimeout,
  }
}
