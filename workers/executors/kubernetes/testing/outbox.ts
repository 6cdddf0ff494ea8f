import type { ServerResponse } from 'node:http'
import type { Random } from '#workers/simulation/random.ts'
import type { Cut } from './fault-plan.ts'

/** What is sent to one client, in order: each piece in a turn of its own, so that it comes as a piece. */
export class Outbox {
  readonly #response: ServerResponse
  readonly #random: Random
  readonly #items: (() => void)[] = []
  #isGoing = false

  constructor(response: ServerResponse, random: Random) {
    this.#response = response
    this.#random = random
  }

  /** In pieces of any size, also within a character. */
  text(text: string): void {
    const bytes = Buffer.from(text)
    let from = 0
    for (let left = this.#random.chance(0.3) ? this.#random.int(2, 5) : 1; left > 0; left--) {
      const piece = bytes.subarray(from, left === 1 ? bytes.length : this.#random.int(from, bytes.length))
      from += piece.length
      if (piece.length > 0) this.#then(() => this.#response.write(piece))
    }
  }

  end(): void {
    this.#then(() => this.#response.end())
  }

  /** How it ends, after a text of which there may be half. */
  break(text: string, cut: Cut): void {
    const how = cut.kind === 'after' ? cut.how : 'end'
    if (how === 'half' || how === 'half_reset') this.text(text.slice(0, text.length / 2))
    if (how === 'nonsense') this.text(`${text.slice(0, text.length / 2)}}]\n`)
    if (how === 'freeze') return
    if (how === 'reset' || how === 'half_reset') this.#then(() => this.#response.socket?.resetAndDestroy())
    else this.end()
  }

  #then(work: () => void): void {
    this.#items.push(work)
    if (!this.#isGoing) this.#go()
  }

  #go(): void {
    const next = this.#items.shift()
    this.#isGoing = next !== undefined
    if (next === undefined) return
    if (!this.#response.destroyed) next()
    setImmediate(() => this.#go())
  }
}
