/**
 * Tasks of a component that is used with a `matrix`: in each cell of that matrix they behave as the component alone does
 * (N7). Two of them join the cells of the innermost such component around both; a matrix of their own folds within a cell.
 */
import type { Task } from './spec.ts'

/** A component with a matrix around a task: its group's id, and the key of each item's cell, by position. */
export interface Join {
  group: string
  keys: readonly string[]
}

type Joined = Pick<Task, 'joined' | 'joins' | 'matrix'>

/** Outermost first. */
export function joinsOf(task: Joined): readonly Join[] {
  if (task.joins !== undefined) return task.joins
  return task.joined === null ? [] : [{ group: task.joined, keys: (task.matrix ?? []).map(({ key }) => key) }]
}

/** Which of the joins of either is the innermost that both have; null: they have none in common. */
export function sharedLevel(a: Joined, b: Joined): number | null {
  const [mine, theirs] = [joinsOf(a), joinsOf(b)]
  let level = -1
  while (mine[level + 1] !== undefined && mine[level + 1]?.group === theirs[level + 1]?.group) level++
  return level < 0 ? null : level
}

/** Positions by cell, in order. */
export function cellsOf({ keys }: Join): Map<string, number[]> {
  const out = new Map<string, number[]>()
  for (const [position, key] of keys.entries()) {
    const cell = out.get(key)
    if (cell === undefined) out.set(key, [position])
    else cell.push(position)
  }
  return out
}

interface Known {
  cells: Map<string, number[]>
  /** By key of an item. */
  cellOf: Map<string, string>
}
const known = new WeakMap<Joined, Map<number, Known>>()

/** Made once for a task and a level: there may be 10,000 items, each of which asks. */
function knownOf(task: Joined, level: number): Known {
  const levels = known.get(task) ?? new Map<number, Known>()
  known.set(task, levels)
  const found = levels.get(level)
  if (found !== undefined) return found
  const join = joinsOf(task)[level] ?? { group: '', keys: [] }
  const cellOf = new Map((task.matrix ?? []).map(({ key }, position) => [key, join.keys[position] ?? key]))
  const made = { cells: cellsOf(join), cellOf }
  levels.set(level, made)
  return made
}

export interface SeenCell {
  /** Keys of the items of it, in order. */
  keys: readonly string[]
  /** Whether that is one item because it has no matrix within the cell. */
  single: boolean
}

/** The items of `target` that an item of `viewer` sees: those of its cell; null when the two join nothing. */
export function seenCell(viewer: Joined, key: string | null, target: Joined): SeenCell | null {
  const level = sharedLevel(viewer, target)
  if (level === null || key === null) return null
  const cell = knownOf(viewer, level).cellOf.get(key) ?? key
  const positions = knownOf(target, level).cells.get(cell) ?? []
  const keys = positions.flatMap((position) => target.matrix?.[position]?.key ?? [])
  return { keys, single: keys.length === 1 && keys[0] === cell }
}
