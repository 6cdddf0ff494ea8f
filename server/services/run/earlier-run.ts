/** An earlier run as Recover and Fork see it: its task runs by task of the new version, with what people said of them. */
import { notedMarks } from '#db/queries/intervention.ts'
import { taskRunsOf } from '#db/queries/run-view.ts'
import type { Queryable } from '#db/client.ts'
import type { Spec } from '../../domain/dag/spec.ts'
import type { OldItem } from '../../domain/run/reuse.ts'

/** A task that was renamed is found under its old id. */
export async function earlierItems(
  q: Queryable,
  runId: string,
  spec: Spec,
): Promise<ReadonlyMap<string, readonly OldItem[]>> {
  const marks = await notedMarks(q, runId)
  const byTask = new Map<string, OldItem[]>()
  for (const row of (await taskRunsOf(q, [runId])).toSorted((a, b) => a.index - b.index)) {
    const { id, task, key, index, state, item, reusedFrom } = row
    const list = byTask.get(task) ?? []
    list.push({ key, index, state, item, resultsOf: reusedFrom ?? id, mark: marks.get(id) ?? null })
    byTask.set(task, list)
  }
  return new Map(
    spec.tasks.flatMap((task) => {
      const found =
        byTask.get(task.id) ?? (task.renamed_from === null ? undefined : byTask.get(task.renamed_from))
      return found === undefined ? [] : [[task.id, found]]
    }),
  )
}
