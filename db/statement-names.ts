/**
 * Names for statements that come again and again. Postgres keeps the plan of a statement that has a name, for each
 * connection: to read and plan the scheduler's statements anew takes it longer than to carry them out.
 */

import { createHash } from 'node:crypto'

/** Uses after which a statement gets one. */
const often = 20
/** How many get one: each costs some 30 kB on every connection. */
const most = 100
/** Texts whose uses are counted: one that is put together anew each time is not worth it. */
const counted = 1000

/** Failures by a name, within so many ms, after which none is given any more: connections are not what they seem here. */
const [mostFailures, withinMs] = [10, 60_000]

export class StatementNames {
  readonly #names = new Map<string, string>()
  readonly #uses = new Map<string, number>()
  readonly #now: () => number
  /** When statements failed by their name lately. */
  #failures: number[] = []
  #given = true

  /** @param now ms since some moment; never goes back */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now
  }

  /** A statement has failed by its name: the server does not have it, or has it for another. */
  failed(): void {
    const now = this.#now()
    this.#failures = [...this.#failures.filter((at) => at > now - withinMs), now]
    if (this.#failures.length >= mostFailures) this.#given = false
  }

  /** Its name, the same for ever and in every process: none is ever another statement's. undefined: it has none, or none yet. */
  of(text: string): string | undefined {
    if (!this.#given) return undefined
    const known = this.#names.get(text)
    if (known !== undefined || this.#names.size === most) return known
    const uses = (this.#uses.get(text) ?? 0) + 1
    if (uses < often) {
      if (this.#uses.size === counted) this.#uses.clear()
      this.#uses.set(text, uses)
      return undefined
    }
    this.#uses.delete(text)
    const name = `dagbok_${createHash('sha256').update(text).digest('hex').slice(0, 32)}`
    this.#names.set(text, name)
    return name
  }
}
