/** What the gate and the collector in a pod have in common: who they are, and whom they ask. */
import type { AgentSettings } from '#server/config/agent.ts'
import type { PodJob } from '../executors/kubernetes/pod-protocol.ts'
import { DeskClient } from '../executors/pool/desk-client.ts'
import { nobody } from '../executors/pool/protocol.ts'

export interface Agent {
  client: DeskClient
  attemptId: string
  podUid: string
  /** Folder with `checkout`, `in`, `out`, `report`. */
  root: string
  /** Ends what is asked and waited for. */
  signal: AbortSignal
}

/** For its log: why it waits, once for each reason, however often it asks. */
function tellWaiting(): (error: Error) => void {
  let told = ''
  return ({ message }) => {
    if (message !== told) console.error(`${message} It is asked again until it does.`)
    told = message
  }
}

export function openAgent(settings: AgentSettings, root: string, signal: AbortSignal): Agent {
  const { address, attemptId, podUid, token } = settings
  const client = new DeskClient({ url: address, token, workerId: nobody, waits: tellWaiting() })
  return { client, attemptId, podUid, root, signal }
}

/** Asks until there is an answer. @throws DagbokError `unauthenticated` when the attempt is over */
export const jobOf = ({ client, attemptId, signal }: Agent): Promise<PodJob> =>
  client.insist<PodJob>('attempt/job', { method: 'GET', attempt: attemptId, signal })
