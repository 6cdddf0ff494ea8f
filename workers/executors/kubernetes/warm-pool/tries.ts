/** What fails again and again is tried less and less often, and logged once for each reason. */

/** ms: the first wait, and the last. */
const [shortest, longest] = [1000, 60_000]

interface Failed {
  /** ms until the next try, of all those that failed one after the other. */
  wait: number
  /** ms of a clock that never goes back. */
  nextAt: number
  why: string
}

export class Tries {
  readonly #failed = new Map<string, Failed>()
  readonly #elapsed: () => number

  constructor(elapsed: () => number) {
    this.#elapsed = elapsed
  }

  isDue(key: string): boolean {
    return (this.#failed.get(key)?.nextAt ?? -Infinity) <= this.#elapsed()
  }

  /** Why it failed last; null: it has not. */
  whyNot(key: string): string | null {
    return this.#failed.get(key)?.why ?? null
  }

  succeeded(key: string): void {
    this.#failed.delete(key)
  }

  /** @returns whether that is another reason than before */
  failed(key: string, why: string): boolean {
    const before = this.#failed.get(key)
    const wait = Math.min(longest, before === undefined ? shortest : before.wait * 2)
    this.#failed.set(key, { wait, nextAt: this.#elapsed() + wait, why })
    return before?.why !== why
  }
}
