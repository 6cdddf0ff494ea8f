/** Which pods of a namespace are this product's. */
import type { ClusterSettings } from '#server/config/clusters.ts'
import { labelValue, recommendedPrefix } from '#server/domain/pod/names.ts'
import { sha256 } from './pod-plan.ts'

/** A label selector. */
export function ownPods(cluster: ClusterSettings): string {
  const { instance } = cluster.deploymentOf('')
  return `${recommendedPrefix}managed-by=dagbok,${recommendedPrefix}instance=${labelValue(instance, sha256)}`
}
