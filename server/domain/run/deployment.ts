/** What a deployment says of all its tasks. Each of its processes is given the same. */

export type DefaultExecutor = 'process' | 'pool'

export interface Deployment {
  /** Task runs that may be starting or running at once, of all teams together; null: as many as there are places. */
  parallelism: number | null
  /** Who runs a task that names no executor, nor does its DAG. */
  executor: DefaultExecutor
}

/** What a deployment has that says nothing. */
export const plainDeployment: Deployment = { parallelism: null, executor: 'process' }
