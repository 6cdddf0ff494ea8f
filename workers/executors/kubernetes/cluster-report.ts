/** Asks a cluster who it is, and says what came of it. */
import { plainAddress, type ClusterReport } from '#server/domain/pod/cluster-report.ts'
import type { ClusterClient } from './cluster-client.ts'

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/**
 * @param address of its API server, of its kubeconfig; may throw
 * @param watchFault why its pods cannot be watched; null: they can
 */
export async function reportOf(
  client: Pick<ClusterClient, 'version'>,
  address: () => string,
  watchFault: string | null,
  signal: AbortSignal,
): Promise<ClusterReport> {
  let server: string | null = null
  try {
    server = plainAddress(address())
    return { server, version: await client.version(signal), fault: watchFault }
  } catch (error) {
    return { server, version: null, fault: wordsOf(error) }
  }
}
