/** The state of one run as the core sees it, and how changes are put into it. */
import { fold, noParents, type ParentCounts } from './rules.ts'
import type { Plan, PlanNode } from './plan.ts'
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
  /** When something happens to it by itself if nothing else does before; ms since the epoch. */
  dueAt: number | null
  /** When its rule and conditions held; deadlines, waits and polls count from here. ms since the epoch. */
  readyAt: number | null
  /** Since when the run before holds it back (`depends_on_past`); null when it does not. ms since the epoch. */
  heldAt: number | null
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

/** Why a run is being ended before its end; `forced` leaves the clean-up out. */
export interface Stop {
  why: 'cancel_requested' | 'timeout' | 'pushed_out'
  forced: boolean
}

/** The items of a task in one cell of a component's matrix. */
export interface Cell {
  /** Those that have not ended. */
  open: number
  /** Their folded state, once all are over. */
  folded: TerminalTaskRunState | null
}

export interface Machine {
  plan: Plan
  run: RunState
  stop: Stop | null
  /** When something happens to the run by itself; ms since the epoch. */
  dueAt: number | null
  items: ItemState[][]
  /** Per node: keys of its items in order. A `map` has its own once it is expanded. */
  keys: (readonly (string | null)[])[]
  /** Per node, made when first asked for: item key → position. */
  positions: (ReadonlyMap<string | null, number> | null)[]
  /** Per node: whether its items are known. */
  expanded: boolean[]
  /** Per node: its parents that are not joined, by folded state. */
  parents: ParentCounts[]
  /** Per node: items that have not ended. */
  open: number[]
  /** Per node: its folded state, once all its items are over. */
  folded: (TerminalTaskRunState | null)[]
  /** Per node and join of it: each cell of its items, as the whole of them. */
  cells: ReadonlyMap<string, Cell>[][]
  /** Per node: items that hold a place. */
  active: number[]
  /** Items of the whole run that have not ended, and of those the ones of tasks that are not `finally`. */
  left: number
  ordinaryLeft: number
  /** Whether a task failed that was not allowed to. */
  failed: boolean
}

export const fresh = (): ItemState => ({
  state: 'waiting',
  reason: null,
  message: null,
  userFailures: 0,
  infrastructureFailures: 0,
  attempts: 0,
  dueAt: null,
  readyAt: null,
  heldAt: null,
})

/** A run that was just made. */
export function newMachine(plan: Plan): Machine {
  return {
    plan,
    run: 'queued',
    stop: null,
    dueAt: null,
    items: plan.nodes.map((node) => node.keys.map(fresh)),
    keys: plan.nodes.map((node) => node.keys),
    positions: plan.nodes.map(() => null),
    expanded: plan.nodes.map((node) => !node.mapped),
    parents: plan.nodes.map((node) => noParents(node.parents.filter(({ level }) => level === null).length)),
    open: plan.nodes.map((node) => node.keys.length),
    folded: plan.nodes.map(() => null),
    cells: plan.nodes.map((node) =>
      node.joins.map(
        ({ cells }) => new Map([...cells].map(([key, { length }]) => [key, { open: length, folded: null }])),
      ),
    ),
    active: plan.nodes.map(() => 0),
    left: plan.items,
    ordinaryLeft: plan.ordinaryItems,
    failed: false,
  }
}

const at = <T>(list: readonly T[], index: number): T => {
  const found = list[index]
  if (found === undefined) throw new Error(`there is no ${index}`)
  return found
}

export function itemAt(machine: Machine, node: number, item: number): ItemState {
  return at(at(machine.items, node), item)
}

export const nodeAt = (machine: Machine, node: number): PlanNode => at(machine.plan.nodes, node)
export const parentsAt = (machine: Machine, node: number): ParentCounts => at(machine.parents, node)
export const foldedState = (machine: Machine, node: number): TerminalTaskRunState | null =>
  at(machine.folded, node)
export const isCleanup = (machine: Machine, node: number): boolean =>
  nodeAt(machine, node).role !== 'ordinary'

/** The position of the item with this key, if there is one. */
export function positionOf(machine: Machine, node: number, key: string | null): number | undefined {
  const known = at(machine.positions, node)
  if (known !== null) return known.get(key)
  const made = new Map(at(machine.keys, node).map((one, position) => [one, position]))
  machine.positions[node] = made
  return made.get(key)
}

/** Gives a `map` its items: the one that stood for all becomes the first, with its state. */
export function expandItems(machine: Machine, node: number, keys: readonly string[]): void {
  const [first = fresh()] = at(machine.items, node)
  machine.items[node] = keys.map((_, item) => (item === 0 ? first : fresh()))
  machine.keys[node] = keys
  machine.positions[node] = null
  machine.expanded[node] = true
  const more = keys.length - 1
  machine.open[node] = at(machine.open, node) + more
  machine.left += more
  if (nodeAt(machine, node).role !== 'finally') machine.ordinaryLeft += more
}

const holdsPlace = (state: TaskRunState) => state === 'starting' || state === 'running'

const foldOf = (machine: Machine, node: number, items: readonly number[]): TerminalTaskRunState =>
  fold(items.map((item) => itemAt(machine, node, item).state as TerminalTaskRunState))

/** An item is over: so may be the cells that it is in. */
function closeCells(machine: Machine, node: number, item: number): void {
  for (const [level, { cellOf, cells }] of nodeAt(machine, node).joins.entries()) {
    const key = at(cellOf, item)
    const cell = at(at(machine.cells, node), level).get(key)
    if (cell === undefined || --cell.open > 0) continue
    cell.folded = foldOf(machine, node, cells.get(key) ?? [])
  }
}

/** The cell of an item, for a parent or a child that it joins at this level. */
export const cellKey = (machine: Machine, { node, item }: { node: number; item: number }, level: number) =>
  at(at(nodeAt(machine, node).joins, level).cellOf, item)

/** The folded state of a task's items in one cell: null while one has not ended, skipped where it has none there. */
export function foldedCell(
  machine: Machine,
  node: number,
  level: number,
  key: string,
): TerminalTaskRunState | null {
  const cell = at(at(machine.cells, node), level).get(key)
  return cell === undefined ? 'skipped' : cell.folded
}

/** Puts one item's new state in, and counts what follows from it. Costs O(1), or O(children) when the task is over. */
export function putItem(machine: Machine, { node, item, to }: ItemChange): void {
  const from = itemAt(machine, node, item).state
  at(machine.items, node)[item] = to
  machine.active[node] = at(machine.active, node) + Number(holdsPlace(to.state)) - Number(holdsPlace(from))
  if (!isTerminalTaskRun(to.state)) return
  const { role, allowFailure, wakes } = nodeAt(machine, node)
  machine.left--
  if (role !== 'finally') machine.ordinaryLeft--
  machine.open[node] = at(machine.open, node) - 1
  closeCells(machine, node, item)
  if (to.state === 'failed' && !allowFailure) machine.failed = true
  if (machine.open[node] > 0) return
  const folded = fold(at(machine.items, node).map((one) => one.state as TerminalTaskRunState))
  machine.folded[node] = folded
  for (const wake of wakes) if (wake.counted) parentsAt(machine, wake.node)[folded]++
}
