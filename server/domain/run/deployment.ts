/** What a deployment says of all its tasks. Each of its processes is given the same. */

export type DefaultExecutor = 'process' | 'pool' | 'kubernetes'

/** The cluster of a task that names none. */
export const defaultCluster = 'default'

/** The queue of a cluster: no queue of the pool has such a name. */
export const clusterQueue = (cluster: string): string => `@${cluster}`
/** The cluster whose queue it is; null: one of the pool. */
export const clusterOfQueue = (queue: string): string | null =>
  queue.startsWith('@') ? queue.slice(1) : null

/**
 * The queue of workers that a cluster is asked for, all of one image: no queue of the pool has such a name, and no cluster.
 * @param image 16 hexadecimal digits, for what the image is
 */
export const warmQueue = (cluster: string, image: string): string => `~${cluster}~${image}`
export const warmQueuePattern = /^~[a-z][a-z0-9-]{0,40}~[0-9a-f]{16}$/
/** The cluster that has workers for it; null: it is another queue. */
export const clusterOfWarmQueue = (queue: string): string | null =>
  warmQueuePattern.test(queue) ? (queue.split('~')[1] ?? null) : null

export interface Deployment {
  /** Task runs that may be starting or running at once, of all teams together; null: as many as there are places. */
  parallelism: number | null
  /** Who runs a task that names no executor, nor does its DAG. */
  executor: DefaultExecutor
  /** Whether tasks may be processes of the product's own machine. */
  processes: boolean
  /** The cluster that has workers for tasks of the pool that name an image; null: those run without theirs, and say so. */
  warm: string | null
}

/** What a deployment says of who runs a task. */
export type Usual = Pick<Deployment, 'executor' | 'warm'>

/** What a deployment has that says nothing. */
export const plainDeployment: Deployment = {
  parallelism: null,
  executor: 'process',
  processes: true,
  warm: null,
}
