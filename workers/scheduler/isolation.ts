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
  /** Of the run's row at the first one; null: nobody could tell. */
  revision: number | null
  /** When the first one was, and until when the run rests, by that clock. */
  since: number
  rests: number
}

interface Runs {
  /** How often a run has moved; null when there is none. */
  revision: (runId: string) => Promise<number | null>
  /** Ends a run whose work has failed so many times in a row. */
  giveUp: (runId: string, times: number) => Promise<void>
}

export class Isolation {
  readonly #log: Logger
  readonly #elapsed: Effects['elapsed']
  readonly #runs: Runs
  readonly #failing = new Map<string, Failing>()

  constructor(log: Logger, elapsed: Effects['elapsed'], runs: Runs) {
    this.#log = log
    this.#elapsed = elapsed
    this.#runs = runs
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
    const before = this.#failing.get(runId)
    const first = before ?? { times: 0, since: now, revision: null }
    this.#failing.set(runId, { ...first, times: first.times + 1, rests: now + restMs })
    try {
      const revision = await this.#runs.revision(runId)
      const mine = this.#failing.get(runId)
      if (mine === undefined) return
      // Somebody else gets on with it: it is not the run that is wrong.
      if (before === undefined || before.revision !== revision)
        this.#failing.set(runId, { ...mine, times: 1, since: now, revision })
      else if (mine.times >= mostFailures && now - mine.since >= patienceMs) {
        await this.#runs.giveUp(runId, mine.times)
        this.#failing.delete(runId)
      }
    } catch (error) {
      if (isOutage(error)) throw error
      this.#log.error({ err: error, run: runId }, 'a run that cannot go on could not be ended')
    }
  }
}
