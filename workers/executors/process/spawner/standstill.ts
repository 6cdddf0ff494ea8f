/** Whether another process still answers: what stands still says nothing, and does not end either. */

/** Questions in a row that may stay without an answer. */
const mostUnanswered = 4

export class Standstill {
  readonly #ask: () => void
  readonly #found: () => void
  readonly #everyMs: number
  #timer: NodeJS.Timeout | undefined
  #last = 0
  #unanswered = 0

  /**
   * @param ask puts a question to it; `heard` is called with each answer
   * @param found is told that it stands still: for `mostUnanswered` questions, one each `everyMs`
   */
  constructor(ask: () => void, found: () => void, everyMs: number) {
    this.#ask = ask
    this.#found = found
    this.#everyMs = everyMs
  }

  start(): void {
    if (this.#timer !== undefined) return
    this.#unanswered = 0
    this.#last = performance.now()
    this.#timer = setInterval(() => this.#look(), this.#everyMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  heard(): void {
    this.#unanswered = 0
  }

  #look(): void {
    const now = performance.now()
    // It is this process that stood still: answers may have come, and are read after this.
    if (now - this.#last > 2 * this.#everyMs) this.#unanswered = 0
    this.#last = now
    if (this.#unanswered >= mostUnanswered) return this.#found()
    this.#unanswered++
    this.#ask()
  }
}
