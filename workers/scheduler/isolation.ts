/** Work for one run at a time, of which a failure is noted and stalls no other run (R18). */
import type { Logger } from 'pino'
import { isOutage } from '#db/outage.ts'
import type { Effects } from './effects.ts'

/** ms that a run is left alone in after its work failed. */
const restMs = 5000

export class Isolation {
  readonly #log: Logger
  readonly #elapsed: Effects['elapsed']
  /** Until when a run rests, by that clock. */
  readonly #rests = new Map<string, number>()

  constructor(log: Logger, elapsed: Effects['elapsed']) {
    this.#log = log
    this.#elapsed = elapsed
  }

  /** Runs that rest now. */
  resting(): string[] {
    const now = this.#elapsed()
    return [...this.#rests].flatMap(([runId, until]) => (until > now ? [runId] : []))
  }

  /**
   * An outage of the database is no failure of the run, and is thrown.
   * @returns null when the work failed, or was not begun since the run rests
   */
  async attempt<T>(runId: string, work: () => Promise<T>): Promise<T | null> {
    if ((this.#rests.get(runId) ?? 0) > this.#elapsed()) return null
    try {
      const result = await work()
      this.#rests.delete(runId)
      return result
    } catch (error) {
      if (isOutage(error)) throw error
      this.#rests.set(runId, this.#elapsed() + restMs)
      this.#log.error({ err: error, run: runId }, 'a run could not go on')
      return null
    }
  }
}
