/**
 * Names for statements that come again and again. Postgres keeps the plan of a statement that has a name, for each
 * connection: to read and plan the scheduler's statements anew takes it longer than to carry them out.
 */

/** Uses after which a statement gets one. */
const often = 20
/** How many get one: each costs some 30 kB on every connection. */
const most = 100
/** Texts whose uses are counted: one that is put together anew each time is not worth it. */
const counted = 1000

export class StatementNames {
  readonly #names = new Map<string, string>()
  readonly #uses = new Map<string, number>()

  /** Its name, the same for ever; undefined: it has none, or none yet. */
  of(text: string): string | undefined {
    const known = this.#names.get(text)
    if (known !== undefined || this.#names.size === most) return known
    const uses = (this.#uses.get(text) ?? 0) + 1
    if (uses < often) {
      if (this.#uses.size === counted) this.#uses.clear()
      this.#uses.set(text, uses)
      return undefined
    }
    this.#uses.delete(text)
    const name = `dagbok_${this.#names.size}`
    this.#names.set(text, name)
    return name
  }
}
