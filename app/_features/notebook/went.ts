/** How the tasks of a notebook went when they ran last. */
import type { TaskRunState } from '#server/domain/run/states.ts'
import type { Grid } from '#server/views/dag.ts'
import { dagPath, type DagPlace } from '../../_components/page.tsx'

export interface Went {
  run: number
  /** Number of the version that ran, where it is not the one that is shown. */
  otherVersion: number | null
  state: TaskRunState
  items: number
  duration: number | null
  href: string
}

/**
 * By task, of the newest run of the first grid that has one.
 * @param version id of the version that is shown; null while the notebook is none
 */
export function wentOf(
  grids: readonly (Grid | undefined)[],
  version: string | null,
  place: DagPlace,
): ReadonlyMap<string, Went> {
  const grid = grids.find((one) => one !== undefined && one.runs.length > 0)
  const run = grid?.runs.at(-1)
  const cells = grid?.cells.at(-1)
  if (grid === undefined || run === undefined || cells === undefined) return new Map()
  const otherVersion = run.version.id === version ? null : run.version.number
  return new Map(
    grid.tasks.flatMap(({ id }, i): [string, Went][] => {
      const cell = cells[i]
      if (cell == null) return []
      const { state, items, duration } = cell
      const href = `${dagPath(place)}/runs/${run.number}?task=${encodeURIComponent(id)}`
      return [[id, { run: run.number, otherVersion, state, items, duration, href }]]
    }),
  )
}
