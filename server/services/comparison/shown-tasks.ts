/** Under which name a task of a run stands in a comparison, where versions between have renamed it. */
import type { RunViewRow } from '#db/queries/run-view.ts'
import { renamedTasks } from '#db/queries/version-view.ts'
import { shownNames } from '../../domain/comparison/renames.ts'
import type { ServiceContext } from '../context.ts'

/** A row of a run, under the name that its task is shown by; `was` is the name that it has in that run, where that is another. */
export type Shown<T> = T & { was: string | null }

export interface ShownTasks {
  /** Rows as they are shown. */
  of: <T extends { runId: string; task: string }>(rows: readonly T[]) => Shown<T>[]
  /** The id that a task which is shown so has in a run. */
  idIn: (runId: string, shown: string) => string
}

/** Of runs of several DAGs, those of each DAG by themselves: between DAGs, tasks of one id are one. */
export async function shownTasks(ctx: ServiceContext, runs: readonly RunViewRow[]): Promise<ShownTasks> {
  const names = new Map<string, ReadonlyMap<string, string>>()
  for (const [dagId, own] of Map.groupBy(runs, (run) => run.dagId)) {
    const numbers = new Set(own.map((run) => run.versionNumber))
    if (numbers.size < 2) continue
    const shown = shownNames(await renamedTasks(ctx.db, dagId, [...numbers]), numbers)
    for (const run of own) names.set(run.id, shown.get(run.versionNumber) ?? new Map<string, string>())
  }
  return {
    of: (rows) =>
      rows.map((row) => {
        const task = names.get(row.runId)?.get(row.task) ?? row.task
        return { ...row, task, was: task === row.task ? null : row.task }
      }),
    idIn: (runId, shown) => [...(names.get(runId) ?? [])].find(([, name]) => name === shown)?.[0] ?? shown,
  }
}
