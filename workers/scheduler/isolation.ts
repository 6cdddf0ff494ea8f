/** Work for one run at a time, of which a failure is noted and stalls no other run (R18). */
import type { Logger } from 'pino'
import { isOutage } from '#db/outage.ts'
import type { Effects } from './effects.ts'

/** ms that a run is left alone in after its work failed. */
const restMs = 5000
/** A run is given up when so much of its work has failed in a row, over so many ms: what passes is not taken for poison. */
const [mostFailures, patienceMs] = [10, 600_000]

interface Failing {
  /** Failures in a row. */
  times: number
  /** When the first one was, and until when the run rests, by that clock. */
  since: number
  rests: number
}

export class Isolation {
  readonly #log: Logger
  readonly #elapsed: Effects['elapsed']
  readonly #giveUp: (runId: string, times: number) => Promise<void>
  readonly #failing = new Map<string, Failing>()

  /** @param giveUp ends a run whose work has failed so many times in a row */
  constructor(
    log: Logger,
    elapsed: Effects['elapsed'],
    giveUp: (runId: string, times: number) => Promise<void>,
  ) {
    this.#log = log
    this.#elapsed = elapsed
    this.#giveUp = giveUp
  }

  /** Runs that rest now. */
  resting(): string[] {
    const now = this.#elapsed()
    return [...this.#failing].flatMap(([runId, { rests }]) => (rests > now ? [runId] : []))
  }

  /**
   * An outage of the database is no failure of the run, and is thrown.
   * @returns null when the work failed, or was not begun since the run rests
   */
  async attempt<T>(runId: string, work: () => Promise<T>): Promise<T | null> {
    if ((this.#failing.get(runId)?.rests ?? 0) > this.#elapsed()) return null
    try {
      const result = await work()
      this.#failing.delete(runId)
      return result
    } catch (error) {
      if (isOutage(error)) throw error
      this.#log.error({ err: error, run: runId }, 'a run could not go on')
      await this.#failed(runId)
      return null
    }
  }

  async #failed(runId: string): Promise<void> {
    const now = this.#elapsed()
    const { times, since } = this.#failing.get(runId) ?? { times: 0, since: now }
    this.#failing.set(runId, { times: times + 1, since, rests: now + restMs })
    if (times + 1 < mostFailures || now - since < patienceMs) return
    try {
      await this.#giveUp(runId, times + 1)
      this.#failing.delete(runId)
    } catch (error) {
      if (isOutage(error)) throw error
      this.#log.error({ err: error, run: runId }, 'a run that cannot go on could not be ended')
    }
  }
}
