/** ms in which changes are told together. */
export const togetherMs = 100

/** ms after which an answer that has not come is waited for no more, where something has changed meanwhile. */
export const patienceMs = 30_000

/**
 * Looks again at what changed, one look after the other: a look that takes longer than the next change needs to come would
 * otherwise be given up for it, and nothing would ever be seen of what changes all the time.
 */
export class Looks {
  readonly #look: () => Promise<unknown>
  #timer: ReturnType<typeof setTimeout> | null = null
  /** Ends the wait for the one that is under way. */
  #patience: ReturnType<typeof setTimeout> | null = null
  #again = false
  #stopped = false

  /** @param look resolves when what it asked for is there, or has failed */
  constructor(look: () => Promise<unknown>) {
    this.#look = look
  }

  /** Something changed. */
  changed(): void {
    if (this.#patience !== null) this.#again = true
    else if (!this.#stopped) this.#timer ??= setTimeout(() => this.#begin(), togetherMs)
  }

  stop(): void {
    this.#stopped = true
    for (const timer of [this.#timer, this.#patience]) if (timer !== null) clearTimeout(timer)
  }

  #begin(): void {
    this.#timer = null
    this.#again = false
    const over = () => {
      clearTimeout(patience)
      if (this.#patience !== patience) return
      this.#patience = null
      if (this.#again) this.changed()
    }
    const patience = setTimeout(over, patienceMs)
    this.#patience = patience
    this.#look().then(over, over)
  }
}
