/** What a site must end, in the order in which it was made. */

export class Closers {
  readonly #closers: (() => unknown)[] = []

  add(close: () => unknown): void {
    this.#closers.push(close)
  }

  /** Runs them, the newest first, each also after one has thrown. @throws AggregateError of what they threw */
  async close(): Promise<void> {
    const errors: unknown[] = []
    for (const close of this.#closers.splice(0).toReversed())
      try {
        await close()
      } catch (error) {
        errors.push(error)
      }
    if (errors.length > 0) throw new AggregateError(errors, `not all could be closed: ${errors.join('; ')}`)
  }
}
