import type { Logger } from 'pino'
import type { ClusterClient } from './cluster-client.ts'
import { ClusterError } from './cluster-error.ts'

interface Tools {
  client: Pick<ClusterClient, 'eventsOf'>
  log: Logger
}

/**
 * Events about a pod by its UID. They only say more of what is known without them: where they may not be read, all goes on.
 * @throws ClusterError; the signal's reason
 */
export async function knownEvents(
  { client, log }: Tools,
  namespace: string,
  uid: string,
  signal: AbortSignal,
): Promise<unknown> {
  try {
    return await client.eventsOf(namespace, uid, signal)
  } catch (error) {
    if (!(error instanceof ClusterError && error.code === 'forbidden')) throw error
    log.warn({ err: error, namespace }, 'the events of pods cannot be read')
    return []
  }
}
