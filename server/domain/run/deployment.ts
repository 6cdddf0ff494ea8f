/** What a deployment says of all its tasks. Each of its processes is given the same. */

export type DefaultExecutor = 'process' | 'pool' | 'kubernetes'

/** The cluster of a task that names none. */
export const defaultCluster = 'default'

/** The queue of a cluster: no queue of the pool has such a name. */
export const clusterQueue = (cluster: string): string => `@${cluster}`
/** The cluster whose queue it is; null: one of the pool. */
export const clusterOfQueue = (queue: string): string | null =>
  queue.startsWith('@') ? queue.slice(1) : null

export interface Deployment {
  /** Task runs that may be starting or running at once, of all teams together; null: as many as there are places. */
  parallelism: number | null
  /** Who runs a task that names no executor, nor does its DAG. */
  executor: DefaultExecutor
  /** Whether tasks may be processes of the product's own machine. */
  processes: boolean
}

/** What a deployment has that says nothing. */
export const plainDeployment: Deployment = { parallelism: null, executor: 'process', processes: true }
