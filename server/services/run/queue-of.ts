/** Where attempts of a task wait for whom. */
import { createHash } from 'node:crypto'
import { defaultQueue, queueKey } from '#db/queries/worker.ts'
import { assertNever } from '../../domain/errors/errors.ts'
import type { Task } from '../../domain/dag/spec.ts'
import { queueOfImage, warmImage, warmImageOf } from '../../domain/pod/warm-image.ts'
import { clusterQueue, defaultCluster, type Usual } from '../../domain/run/deployment.ts'

/** What the queue of a run's tasks depends on beside what they say. */
export interface QueueFacts {
  usual: Usual
  teamId: string
  versionId: string
  /** Of images as they are written, what the version has been run with. */
  digests: ReadonlyMap<string, string>
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

function poolQueue(task: Task, { usual, versionId, digests }: QueueFacts): string {
  const image = warmImage(task, usual)
  if (image === null || usual.warm === null) return task.queue ?? defaultQueue
  return queueOfImage(usual.warm, warmImageOf(image, versionId, digests), sha256)
}

/** A queue of its team, or a cluster of the deployment; null: a scheduler's own machine. */
export function queueOf(task: Task, facts: QueueFacts): string | null {
  const chosen = task.executor ?? facts.usual.executor
  switch (chosen) {
    case 'process':
      return null
    case 'pool':
      return queueKey(facts.teamId, poolQueue(task, facts))
    case 'kubernetes':
      return queueKey(facts.teamId, clusterQueue(task.pod?.cluster ?? defaultCluster))
    default:
      return assertNever(chosen)
  }
}
