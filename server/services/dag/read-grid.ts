import { listRuns, taskRunsOf } from '#db/queries/run-view.ts'
import { specOf } from '#db/queries/version.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import type { Grid } from '../../views/dag.ts'
import { shownState } from '../../domain/run/shown-state.ts'
import { tookTogether } from '../../domain/run/took.ts'
import type { ServiceContext } from '../context.ts'
import { runSummary } from '../run/views.ts'

type Rows = Awaited<ReturnType<typeof taskRunsOf>>

function cellOf(rows: Rows): Grid['cells'][number][number] {
  if (rows.length === 0) return null
  const state = shownState(rows.map((row) => row.state))
  const ended = rows.filter((row) => row.endedAt !== null)
  return {
    state,
    reason: rows.find((row) => row.state === state)?.reason ?? null,
    items: rows.length,
    done: ended.length,
    retried: rows.some((row) => row.attempts > 1),
    duration: tookTogether(rows),
  }
}

/** The last runs of a DAG, or of one version of it, by its tasks: those of the newest version first, then those that only older ones have. */
export async function readGrid(
  ctx: ServiceContext,
  dag: DagRow,
  { limit, version }: { limit: number; version?: number | undefined },
): Promise<Grid> {
  const ofVersion = version === undefined ? {} : { versionNumber: version }
  const wanted = { teamIds: [dag.teamId], dagId: dag.id, limit, ...ofVersion }
  const runs = (await listRuns(ctx.db, wanted)).toReversed()
  const rows = await taskRunsOf(
    ctx.db,
    runs.map((run) => run.id),
  )
  const tasks = new Map<string, Grid['tasks'][number]>()
  const versions = new Set([
    ...(dag.versionId === null ? [] : [dag.versionId]),
    ...runs.toReversed().map((run) => run.versionId),
  ])
  for (const id of versions) {
    const spec = await specOf(ctx.db, id)
    for (const task of spec?.tasks ?? [])
      if (!tasks.has(task.id))
        tasks.set(task.id, { id: task.id, title: task.title, group: task.scope === '' ? null : task.scope })
  }
  const byPlace = new Map<string, Rows>()
  for (const row of rows) {
    const key = `${row.runId} ${row.task}`
    byPlace.set(key, [...(byPlace.get(key) ?? []), row])
  }
  return {
    tasks: [...tasks.values()],
    runs: runs.map((run) => runSummary(run, ctx.publicUrl)),
    cells: runs.map((run) => [...tasks.keys()].map((task) => cellOf(byPlace.get(`${run.id} ${task}`) ?? []))),
  }
}
