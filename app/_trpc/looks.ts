/** ms in which changes are told together. */
export const togetherMs = 100

/** ms after which an answer that has not come is asked for again. */
export const patienceMs = 30_000

/**
 * Looks again at what changed, one look after the other: a look that takes longer than the next change needs to come would
 * otherwise be given up for it, and nothing would ever be seen of what changes all the time.
 */
export class Looks {
  readonly #look: () => Promise<unknown>
  #timer: ReturnType<typeof setTimeout> | null = null
  /** Since when one is under way; ms of `performance.now()`. */
  #since: number | null = null
  #again = false
  #stopped = false

  /** @param look resolves when what it asked for is there, or has failed */
  constructor(look: () => Promise<unknown>) {
    this.#look = look
  }

  /** Something changed. */
  changed(): void {
    if (this.#since !== null && performance.now() - this.#since < patienceMs) this.#again = true
    else if (!this.#stopped) this.#timer ??= setTimeout(() => this.#begin(), togetherMs)
  }

  stop(): void {
    this.#stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
  }

  #begin(): void {
    this.#timer = null
    const since = performance.now()
    this.#since = since
    this.#again = false
    const over = () => {
      if (this.#since !== since) return
      this.#since = null
      if (this.#again) this.changed()
    }
    this.#look().then(over, over)
  }
}
