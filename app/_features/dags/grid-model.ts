/** How a grid of runs by tasks is folded and walked. */
import { shownState } from '#server/domain/run/shown-state.ts'
import { took } from '#server/domain/run/took.ts'
import type { Grid } from '#server/views/dag.ts'

export type GridCell = NonNullable<Grid['cells'][number][number]>

export interface GridRow {
  id: string
  /** Of a group: how many tasks it holds. */
  tasks: number | null
  title: string | null
  group: string | null
  folded: boolean
  /** One per run. */
  cells: (GridCell | null)[]
}

/** Several tasks as one cell: the state that is shown of them, their items and time together. */
function merged(cells: readonly (GridCell | null)[]): GridCell | null {
  const some = cells.filter((cell) => cell !== null)
  if (some.length === 0) return null
  const state = shownState(some.map((cell) => cell.state))
  return {
    state,
    reason: some.find((cell) => cell.state === state)?.reason ?? null,
    items: some.reduce((sum, cell) => sum + cell.items, 0),
    done: some.reduce((sum, cell) => sum + cell.done, 0),
    retried: some.some((cell) => cell.retried),
    duration: null,
  }
}

/** Rows in the order of the tasks; a group is a row of its own before its tasks, or instead of them when it is folded. */
export function rowsOf(grid: Grid, folded: ReadonlySet<string>): GridRow[] {
  const rows: GridRow[] = []
  const cellsOf = (t: number) => grid.runs.map((_, r) => grid.cells[r]?.[t] ?? null)
  const members = Map.groupBy(grid.tasks.keys(), (t) => grid.tasks[t]?.group ?? null)
  const seen = new Set<string>()
  for (const [t, task] of grid.tasks.entries()) {
    const { group } = task
    if (group !== null && !seen.has(group)) {
      seen.add(group)
      const inside = members.get(group) ?? []
      const all = inside.map(cellsOf)
      const cells = grid.runs.map((_, r) => merged(all.map((one) => one[r] ?? null)))
      rows.push({
        id: group,
        tasks: inside.length,
        title: null,
        group: null,
        folded: folded.has(group),
        cells,
      })
    }
    if (group === null || !folded.has(group))
      rows.push({ id: task.id, tasks: null, title: task.title, group, folded: false, cells: cellsOf(t) })
  }
  return rows
}

/** Neighbouring runs of one version. */
export interface VersionSpan {
  version: Grid['runs'][number]['version']
  first: number
  runs: number
}

export function versionSpans(runs: Grid['runs']): VersionSpan[] {
  const out: VersionSpan[] = []
  for (const [r, run] of runs.entries()) {
    const last = out.at(-1)
    if (last?.version.id === run.version.id) last.runs++
    else out.push({ version: run.version, first: r, runs: 1 })
  }
  return out
}

export interface GridPlace {
  row: number
  run: number
}

/** The first failed row of the newest run that has one; null when nothing failed. */
export function firstFailure(rows: readonly GridRow[], runs: number): GridPlace | null {
  for (let run = runs - 1; run >= 0; run--) {
    const row = rows.findIndex((one) => one.tasks === null && one.cells[run]?.state === 'failed')
    const group = row >= 0 ? row : rows.findIndex((one) => one.cells[run]?.state === 'failed')
    if (group >= 0) return { row: group, run }
  }
  return null
}

/** A step that stays inside. */
export const step = (at: GridPlace, by: Partial<GridPlace>, rows: number, runs: number): GridPlace => ({
  row: Math.max(0, Math.min(rows - 1, at.row + (by.row ?? 0))),
  run: Math.max(0, Math.min(runs - 1, at.run + (by.run ?? 0))),
})

/** Counts and the median time of finished runs. */
export function summary(runs: Grid['runs']): {
  states: [Grid['runs'][number]['state'], number][]
  median: number | null
} {
  const counts = new Map<Grid['runs'][number]['state'], number>()
  for (const run of runs) counts.set(run.state, (counts.get(run.state) ?? 0) + 1)
  const lengths = runs
    .filter((run) => run.state === 'succeeded')
    .flatMap((run) => took(run) ?? [])
    .toSorted((a, b) => a - b)
  return {
    states: [...counts].toSorted((a, b) => b[1] - a[1]),
    median: lengths[Math.floor((lengths.length - 1) / 2)] ?? null,
  }
}
