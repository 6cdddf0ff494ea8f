/** What the scheduler has of the world besides the database: timers, bounds of time, chance, room on disks, what the deployment may do at once. A simulation gives its own. */
import { randomInt, randomUUID } from 'node:crypto'
import { sinceBoot } from '#server/config/since-boot.ts'
import type { FullDisk } from '#server/domain/space.ts'
import { within } from '#server/services/within.ts'

export interface Effects {
  /** Calls `work` after `ms`; gives what calls it off. */
  after: (ms: number, work: () => void) => () => void
  /** ms since some moment of this process, those left out in which its machine slept; never goes back. */
  elapsed: () => number
  /** ms since some moment, those in which the machine slept counted; never goes back. */
  sinceBoot: () => number
  /** Nobody can guess it: it fences. */
  token: () => string
  /** In [0, 1). */
  random: () => number
  /** Does work for an author's text, or throws what `late` gives when it takes too long. */
  within: <T>(work: () => T, late: () => Error) => T
  /** The disk that refuses new work, as it was last measured; null: new work may start. */
  fullDisk: () => FullDisk | null
  /** Task runs that may be starting or running at once in the whole deployment; null is without a bound. */
  parallelism: number | null
  /** Secrets of the team of a run, by name. @throws DagbokError `bad_input` with a sentence where it has none of a name */
  secrets: (runId: string, names: readonly string[]) => Promise<Record<string, string>>
}

export const realEffects: Effects = {
  after: (ms, work) => {
    const timer = setTimeout(work, ms)
    return () => clearTimeout(timer)
  },
  elapsed: () => performance.now(),
  sinceBoot,
  token: () => randomUUID(),
  random: () => randomInt(2 ** 32) / 2 ** 32,
  within,
  fullDisk: () => null,
  parallelism: null,
  secrets: () => Promise.reject(new Error('nobody has said where secrets are')),
}
