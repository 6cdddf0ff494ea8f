import { clusterReports } from '#db/queries/worker.ts'
import { standingOf, type ClusterStanding } from '../../domain/pod/cluster-report.ts'
import { clusterQueue } from '../../domain/run/deployment.ts'
import type { ServiceContext } from '../context.ts'

/** Of each cluster of the settings, in their order, who answers there, or why nobody does: as it was asked last. */
export async function readClusterStandings({
  db,
  clusters,
}: Pick<ServiceContext, 'db' | 'clusters'>): Promise<ClusterStanding[]> {
  if (clusters.length === 0) return []
  const heard = await clusterReports(db)
  return clusters.map(({ name }) => standingOf(name, heard.get(clusterQueue(name)) ?? null))
}
