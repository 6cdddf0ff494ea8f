/** Takes away Deployments of workers where there are to be none any more. */
import type { ClusterSettings } from '#server/config/clusters.ts'
import { selectorOf, warmLabels } from '#server/domain/pod/warm-deployment.ts'
import { sha256 } from '../pod-plan.ts'
import type { Deployments } from './deployments.ts'

/** Which Deployments, and pods of theirs, are those of a cluster's workers: a label selector. */
export const ownWorkers = (cluster: ClusterSettings): string =>
  selectorOf(warmLabels(cluster.name, cluster.deploymentOf('').instance, sha256))

/**
 * For a product that is there no longer. Their pods drain.
 * @throws ClusterError
 */
export async function removePools(
  deployments: Deployments,
  cluster: ClusterSettings,
  teams: readonly string[],
): Promise<void> {
  for (const namespace of new Set(teams.map((team) => cluster.namespaceOf(team))))
    for (const { metadata } of await deployments.list(namespace, ownWorkers(cluster)))
      await deployments.delete(metadata)
}
