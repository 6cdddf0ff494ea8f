/** Where attempts of a task wait for whom. */
import { defaultQueue, queueKey } from '#db/queries/worker.ts'
import { assertNever } from '../../domain/errors/errors.ts'
import type { Task } from '../../domain/dag/spec.ts'
import { clusterQueue, defaultCluster, type DefaultExecutor } from '../../domain/run/deployment.ts'

/** A queue of its team, or a cluster of the deployment; null: a scheduler's own machine. */
export function queueOf(task: Task, executor: DefaultExecutor, teamId: string): string | null {
  const chosen = task.executor ?? executor
  switch (chosen) {
    case 'process':
      return null
    case 'pool':
      return queueKey(teamId, task.queue ?? defaultQueue)
    case 'kubernetes':
      return queueKey(teamId, clusterQueue(task.pod?.cluster ?? defaultCluster))
    default:
      return assertNever(chosen)
  }
}
