/** How fast pods may be created: so many a second, and so many at once after a rest. First come, first served. */
import { pause, type Timing } from './timing.ts'

export interface Rate {
  perSecond: number
  /** How many at once after a rest; at least 1. */
  burst: number
}

export class CreationRate {
  readonly #timing: Timing
  readonly #rate: Rate
  /** When the place before the next is free; ms of `elapsed`. */
  #next = -Infinity

  constructor(timing: Timing, rate: Rate) {
    this.#timing = timing
    this.#rate = rate
  }

  /** Resolves when one may be created, or when the signal says so. */
  async turn(signal: AbortSignal): Promise<void> {
    const [now, gap] = [this.#timing.elapsed(), 1000 / this.#rate.perSecond]
    // As if the places that were left unused had been taken, except for as many as the burst.
    this.#next = Math.max(this.#next + gap, now - (this.#rate.burst - 1) * gap)
    const wait = this.#next - now
    if (wait > 0) await pause(this.#timing, wait, signal)
  }
}
