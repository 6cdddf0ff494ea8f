/** Logs of what failed beside a task's code: its gate, what collects its outputs, containers that its author has added. */
import { sideContainers } from '#server/domain/pod/side-containers.ts'
import type { ShownLog } from '#server/domain/pod/shown-pod.ts'
import type { ClusterClient, PodRef } from './cluster-client.ts'
import { ClusterError } from './cluster-error.ts'
import { logLines } from './log-lines.ts'

/** Of each: lines from its end, and bytes of those. */
const bounds = { tailLines: 100, limitBytes: 64 * 1024 }
/** ms for all of them: an attempt's end waits for it. */
const withinMs = 5000

/** Nobody can be asked for anything now, so that nothing else of the pod goes on, either. */
const isAway = (error: unknown): boolean =>
  error instanceof ClusterError &&
  (error.code === 'throttled' || (error.code === 'unavailable' && error.status === null))

/**
 * Asked for once: what cannot be had is said in its place.
 * @param pod as it was seen last
 * @throws ClusterError while the API server is away; the signal's reason
 */
export async function sideLogs(
  client: Pick<ClusterClient, 'readLog'>,
  ref: PodRef,
  pod: unknown,
  signal: AbortSignal,
): Promise<ShownLog[]> {
  const late = AbortSignal.any([signal, AbortSignal.timeout(withinMs)])
  const read = async ({ name: container, previous }: { name: string; previous: boolean }) => {
    let text = ''
    try {
      const bytes = client.readLog(ref, { container, follow: false, previous, ...bounds, signal: late })
      for await (const line of logLines(bytes)) text += `${line.text}\n`
    } catch (error) {
      signal.throwIfAborted()
      if (isAway(error)) throw error
      const why = error instanceof Error ? error.message : String(error)
      text += `[the rest of it could not be read: ${why}]\n`
    }
    return { container, text }
  }
  const all = await Promise.all(sideContainers(pod).map(read))
  return all.filter(({ text }) => text !== '')
}
