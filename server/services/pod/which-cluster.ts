/** Whether a task is a pod, and on which cluster; else a sentence that says why it is none. */
import type { ClusterSettings } from '../../config/clusters.ts'
import type { Task } from '../../domain/dag/spec.ts'
import { defaultCluster } from '../../domain/run/deployment.ts'
import { nameOf } from '../../domain/run/why/sentence.ts'
import type { ServiceContext } from '../context.ts'

type Settings = Pick<ServiceContext, 'deployment' | 'clusters'>

/** @param task one of kind `approve` or `wait` is never a pod */
export const isPod = ({ action, executor }: Task, { deployment }: Pick<Settings, 'deployment'>): boolean =>
  action.kind !== 'approve' && action.kind !== 'wait' && (executor ?? deployment.executor) === 'kubernetes'

export function clusterOf(task: Task, settings: Settings): ClusterSettings | string {
  const { clusters, deployment } = settings
  const { kind } = task.action
  const it = nameOf({ task: task.id, key: null })
  if (kind === 'approve') return `${it} is no pod: a person answers it.`
  if (kind === 'wait') return `${it} is no pod: it only waits.`
  if (!isPod(task, settings)) return `${it} is no pod: \`${task.executor ?? deployment.executor}\` runs it.`
  if (clusters.length === 0)
    return 'This Dagbok has no cluster: whoever runs it names one in the file that DAGBOK_CLUSTERS_FILE names.'
  const name = task.pod?.cluster ?? defaultCluster
  const found = clusters.find((one) => one.name === name)
  const known = clusters.map((one) => one.name).join(', ')
  return (
    found ??
    `There is no cluster ${name} in the file that DAGBOK_CLUSTERS_FILE names: ${known} ${clusters.length === 1 ? 'is' : 'are'} in it.`
  )
}
