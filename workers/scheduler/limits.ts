/** Limits that are asked when a task run is claimed. */
import type { Session } from '#db/scheduling-store.ts'
import { hasPlace, hasSlots } from '#server/domain/run/claim.ts'
import type { LiveRun } from './live-run.ts'
import type { Batch } from './run-advancer.ts'

/** Of its run's version, of its task, of its pool, of the deployment. */
export type Limit = 'run_limit' | 'task_limit' | 'pool_limit' | 'all_limit'

/**
 * Asks the limits, with their rows locked, and takes what it needs of them for the rest of the transaction.
 * @param asked `batch` knows what this transaction has taken before; `parallelism` is the deployment's, null without one
 */
export async function heldBackBy(
  tx: Session,
  live: LiveRun,
  node: number,
  taskRunId: string,
  { batch, parallelism }: { batch: Batch; parallelism: number | null },
): Promise<Limit | null> {
  const { maxParallel } = live.machine.plan.nodes[node] ?? { maxParallel: null }
  if (!hasPlace(maxParallel, live.machine.active[node] ?? 0)) return 'task_limit'
  const most = live.identity.spec.limits.max_active_tasks
  if (most !== null) {
    await tx.lockDag(live.row.dagId)
    if (!hasPlace(most, (await tx.activeTasks(live.row.versionId)) + batch.tasks)) return 'run_limit'
  }
  if (parallelism !== null) {
    await tx.lockEverywhere()
    if (!hasPlace(parallelism, (await tx.activeEverywhere()) + batch.tasks)) return 'all_limit'
  }
  const pool = live.identity.spec.tasks[node]?.pool == null ? null : await tx.lockPoolOf(taskRunId)
  if (pool !== null) {
    const taken = batch.slots.get(pool.pool) ?? 0
    if (!hasSlots({ slots: pool.free, used: taken }, pool.slots)) return 'pool_limit'
    batch.slots.set(pool.pool, taken + pool.slots)
  }
  batch.tasks++
  return null
}
