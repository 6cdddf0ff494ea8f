import type { Queryable } from '#db/client.ts'
import { announce, wakeScheduler } from '#db/queries/live.ts'
import { poolKey, teamOfDag } from '#db/queries/pool.ts'
import { insertRun, type NewItem, type NewRun } from '#db/queries/run.ts'
import type { Spec } from '../../domain/dag/spec.ts'

/**
 * Makes a run of a version, queued, in the caller's transaction; schedulers hear of it when that commits. Params were
 * checked before.
 */
export async function createRun(
  q: Queryable,
  given: Omit<NewRun, 'logicalDate' | 'parentId' | 'verb'> & Partial<NewRun> & { spec: Spec },
): Promise<{ id: string; number: number }> {
  const { spec, ...run } = given
  const teamId = await teamOfDag(q, run.dagId)
  const items = spec.tasks.flatMap((task): NewItem[] => {
    const { slots, priority } = task
    const pool = task.pool === null ? null : poolKey(teamId, task.pool)
    const asked = {
      task: task.id,
      pool,
      slots,
      priority,
      cleanup: task.finally || task.teardown_for.length > 0,
    }
    if (task.matrix === null) return [{ ...asked, key: null, index: 0 }]
    return task.matrix.map((item, index) => ({ ...asked, key: item.key, index }))
  })
  const made = await insertRun(q, { logicalDate: null, parentId: null, verb: null, ...run }, items)
  await announce(q, [`dag:${run.dagId}`, `run:${made.id}`])
  await wakeScheduler(q)
  return made
}
