/** Which pods that are to go will not: their node is dead, and the API server waits for a word of it. */

/** ms that a pod may take beyond its grace. */
const lateMs = 30_000

interface Dying {
  uid: string
  /** When it is to be gone at the latest: set with the deletion. */
  deletionTimestamp?: unknown
  /** Seconds. */
  deletionGracePeriodSeconds?: unknown
}

/** By this process's clock from when each was first seen to go: that of the API server may be another. */
export class Leftovers {
  readonly #since = new Map<string, number>()
  readonly #elapsed: () => number

  /** @param elapsed ms, of a clock that never goes back */
  constructor(elapsed: () => number = () => performance.now()) {
    this.#elapsed = elapsed
  }

  /** To be asked again and again of each pod that is there. */
  isLeft({ uid, deletionTimestamp, deletionGracePeriodSeconds }: Dying): boolean {
    if (deletionTimestamp === undefined) return false
    const now = this.#elapsed()
    const since = this.#since.get(uid) ?? now
    this.#since.set(uid, since)
    const grace = typeof deletionGracePeriodSeconds === 'number' ? deletionGracePeriodSeconds * 1000 : 0
    return now - since > grace + lateMs
  }
}
