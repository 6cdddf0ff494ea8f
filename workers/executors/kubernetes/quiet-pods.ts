/**
 * Pods that wait, and whose status does not say for what: a volume that cannot be mounted is told by events alone. Those are asked for
 * after a while, and seldom: an API server finds the events of one pod among all of its namespace.
 */
import type { Seen } from '#server/domain/pod/attempt-facts.ts'
import { readPod } from '#server/domain/pod/observed.ts'
import type { PodVerdict } from '#server/domain/pod/verdict.ts'
import type { Remembered } from './attempt-memory.ts'
import type { PodObject } from './cluster-client.ts'

/** ms that a pod may wait before its events are asked for, and between two such questions. */
const quietMs = 15_000
/** ms between two of them, of whichever pods. */
const gapMs = 500

type Quiet = Pick<Remembered, 'asksAt'>

export class QuietPods {
  readonly #elapsed: () => number
  #askedAt = -Infinity

  /** @param elapsed ms, of a clock that never goes back */
  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  /** Whether this look is to ask for its events: then it is counted as one that does. */
  isDue(own: Quiet | undefined): boolean {
    const at = own?.asksAt ?? null
    const now = this.#elapsed()
    if (at === null || at > now || now - this.#askedAt < gapMs) return false
    this.#askedAt = now
    return true
  }

  /** It was looked at. @returns ms until it is to be again; null: nobody has to ask */
  look(own: Quiet | undefined, why: PodVerdict | null, seen: Seen): number | null {
    if (own === undefined) return null
    if (seen.kind !== 'pod' || why?.state !== 'pending') {
      own.asksAt = null
      return null
    }
    const now = this.#elapsed()
    if (seen.isFresh || own.asksAt === null) own.asksAt = now + quietMs
    return Math.max(gapMs, own.asksAt - now)
  }
}

/** What was told of a pod that waits, when it was asked for last. */
export function toldOf({ seen }: Pick<Remembered, 'seen'>, pod: PodObject | null): unknown {
  if (pod === null || seen === null) return []
  const [now, then] = [readPod(pod), readPod(seen.pod)]
  return now?.phase === 'Pending' && now.uid !== null && now.uid === then?.uid ? seen.events : []
}
