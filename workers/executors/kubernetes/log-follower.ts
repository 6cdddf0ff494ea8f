/**
 * Follows the log of a container to its end: a stream that is cut off (by the kubelet after four hours, at a rotation, by a network)
 * is begun again where it was, without a gap or a doubled line.
 */
import type { ClusterClient, PodRef } from './cluster-client.ts'
import { ClusterError } from './cluster-error.ts'
import { LogCursor, logLines, type LogLine } from './log-lines.ts'
import { backOff, pause, realTiming, type Timing } from './timing.ts'

export interface Followed {
  source: Pick<ClusterClient, 'readLog'>
  pod: PodRef
  container: string
  /** Told when it is known that the container has ended: the log is read once more at once, and what was read after that is whole. */
  ended: AbortSignal
  /** Where an earlier life of this follower was. */
  cursor?: LogCursor
  /** Told each time that nobody could be asked for it: the API server does not answer, or wants to be left alone. */
  away?: () => void
  signal: AbortSignal
  timing?: Timing
}

/** ms of waiting between two streams. */
const failing = { first: 500, most: 10_000 }

/** A hole is shown (R8): a kubelet gives the newest file of a log only. */
const gapAt = ({ at }: LogLine): LogLine => ({
  at,
  text: '[lines may be missing here: the log was rotated before it was read on]',
  isWhole: true,
})

/**
 * What will not be there later, either; a container that has not started has no log yet. Of one that it has lost with its pod's eviction a
 * kubelet says no more than that it is terminated.
 */
const isLost = (error: unknown): boolean =>
  error instanceof ClusterError &&
  (['not_found', 'forbidden', 'unauthorized'].includes(error.code) ||
    (error.code === 'invalid' && error.message.endsWith(' is terminated')))

/** Nothing is said of the log with that: it is there as long as its pod is. */
const isAway = (error: unknown): boolean =>
  error instanceof ClusterError &&
  (error.status === null ? error.code !== 'bad_answer' : error.status === 429)

/**
 * A kubelet that cannot be reached may be there again in a moment; one that was started again says of what has ended that it waits to
 * start, until it has looked. How long that is waited for, whoever asks says by the signal.
 */
const mayPass = (error: unknown): boolean =>
  error instanceof ClusterError &&
  (error.code === 'unavailable' || (error.code === 'invalid' && / is waiting to start\b/.test(error.message)))

/** Other answers in the place of the log of a container that has ended, in a row. */
const mostRefusals = 5

/**
 * Lines as they come, until the log is whole, or the signal ends it.
 * @throws ClusterError `not_found`, `forbidden`, `unauthorized`; of a container that has ended what cannot pass by itself, after five times
 * in a row
 */
export async function* followLog(given: Followed): AsyncGenerator<LogLine> {
  const { source, pod, container, ended, away, signal, timing = realTiming } = given
  const cursor = given.cursor ?? new LogCursor()
  // Of a container that has ended a kubelet ends the stream when it has sent everything; soon after it may have removed it.
  let isWhole = false
  for (let [failures, refusals] = [0, 0]; !signal.aborted;) {
    const isLast = ended.aborted
    const { sinceTime } = cursor
    cursor.begin()
    try {
      const since = sinceTime === undefined ? {} : { sinceTime }
      const bytes = source.readLog(pod, { container, follow: !isLast, ...since, signal })
      for await (const line of logLines(bytes)) {
        // A line without its end may go on: it comes whole with the next stream.
        if ((line.isWhole || isLast) && cursor.take(line)) {
          failures = refusals = 0
          if (cursor.tellGap()) yield gapAt(line)
          yield line
        }
      }
      if (isLast) return
      isWhole = true
    } catch (error) {
      if (signal.aborted || (isLast && isWhole)) return
      isWhole = false
      if (isAway(error)) away?.()
      else if (isLost(error) || (isLast && !mayPass(error) && ++refusals >= mostRefusals)) throw error
    }
    // What fails after the end is not asked for again at once.
    const until = isLast ? signal : AbortSignal.any([signal, ended])
    await pause(timing, backOff(failures++, failing, timing.random), until)
  }
}
