/** The state of one run as the core sees it, and how changes are put into it. */
import { fold, noParents, type ParentCounts } from './rules.ts'
import type { Plan } from './plan.ts'
import {
  isTerminalTaskRun,
  type Reason,
  type RunState,
  type TaskRunState,
  type TerminalTaskRunState,
} from './states.ts'

export interface ItemState {
  state: TaskRunState
  reason: Reason | null
  message: string | null
  userFailures: number
  infrastructureFailures: number
  attempts: number
  /** ms since the epoch; only while retrying. */
  dueAt: number | null
}

export interface ItemChange {
  node: number
  item: number
  from: TaskRunState
  to: ItemState
}

export interface RunChange {
  from: RunState
  to: RunState
  reason: Reason | null
}

export interface Machine {
  plan: Plan
  run: RunState
  cancelRequested: boolean
  timedOut: boolean
  items: ItemState[][]
  /** Per node: its parents that are not joined, by folded state. */
  parents: ParentCounts[]
  /** Per node: items that have not ended. */
  open: number[]
  /** Items of the whole run that have not ended. */
  left: number
  /** Whether a task failed that was not allowed to. */
  failed: boolean
}

const fresh = (): ItemState => ({
  state: 'waiting',
  reason: null,
  message: null,
  userFailures: 0,
  infrastructureFailures: 0,
  attempts: 0,
  dueAt: null,
})

/** A run that was just made. */
export function newMachine(plan: Plan): Machine {
  return {
    plan,
    run: 'queued',
    cancelRequested: false,
    timedOut: false,
    items: plan.nodes.map((node) => node.keys.map(fresh)),
    parents: plan.nodes.map((node) => noParents(node.parents.filter((parent) => !parent.joined).length)),
    open: plan.nodes.map((node) => node.keys.length),
    left: plan.items,
    failed: false,
  }
}

export function itemAt(machine: Machine, node: number, item: number): ItemState {
  const found = machine.items[node]?.[item]
  if (found === undefined) throw new Error(`there is no item ${item} of task number ${node}`)
  return found
}

const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index]
  if (found === undefined) throw new Error(`there is no ${index}`)
  return found
}

export const nodeAt = (machine: Machine, node: number) => at(machine.plan.nodes, node)
export const parentsAt = (machine: Machine, node: number) => at(machine.parents, node)

/** The folded state of a task; null while an item of it has not ended. */
export function foldedState(machine: Machine, node: number): TerminalTaskRunState | null {
  if (at(machine.open, node) > 0) return null
  return fold(at(machine.items, node).map((item) => item.state as TerminalTaskRunState))
}

/** Puts one item's new state in, and counts what follows from it. Costs O(1), or O(children) when the task is over. */
export function putItem(machine: Machine, change: ItemChange): void {
  const { node, item, to } = change
  at(machine.items, node)[item] = to
  if (!isTerminalTaskRun(to.state)) return
  machine.left--
  machine.open[node] = at(machine.open, node) - 1
  if (to.state === 'failed' && !nodeAt(machine, node).allowFailure) machine.failed = true
  const folded = foldedState(machine, node)
  if (folded === null) return
  for (const child of nodeAt(machine, node).children) {
    const edge = nodeAt(machine, child).parents.find((parent) => parent.node === node)
    if (edge?.joined !== true) parentsAt(machine, child)[folded]++
  }
}
