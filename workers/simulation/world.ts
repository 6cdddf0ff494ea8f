/**
 * Virtual time: a queue of events, one after the other, and what follows from each (all promises) before the next. Events
 * of the same moment come in an order of chance. An event may belong to a life, a process of the product: a dead one has
 * no events any more, a paused one has them when it goes on.
 */
import type { Random } from './random.ts'

export class Life {
  readonly name: string
  dead = false
  paused = false
  /** What came while it was paused. */
  readonly held: Event[] = []

  constructor(name: string) {
    this.name = name
  }
}

interface Event {
  at: number
  tie: number
  life: Life | null
  work: () => void
  off: boolean
}

const before = (a: Event, b: Event) => a.at < b.at || (a.at === b.at && a.tie < b.tie)

/** A seed has some thousands: with so many, something goes round and round. */
const mostEvents = 1_000_000

/** Resolves when every promise has done what it can. */
const settled = () => new Promise<void>((done) => setImmediate(done))

export class World {
  /** ms since the begin; only the database's clock may jump. */
  now = 0
  events = 0
  readonly random: Random
  readonly #heap: Event[] = []

  constructor(random: Random) {
    this.random = random
  }

  /** Calls `work` after `ms` of virtual time; gives what calls it off. */
  after(ms: number, life: Life | null, work: () => void): () => void {
    if (ms === Infinity) return () => {}
    const event = { at: this.now + Math.max(0, ms), tie: this.random.next(), life, work, off: false }
    this.#push(event)
    return () => {
      event.off = true
    }
  }

  /**
   * Goes on until `over` says so or virtual time is up; false in the second case.
   * @throws Error when it comes to no rest: no bound of real time would be the same on every machine
   */
  async run(until: number, over: () => boolean = () => false): Promise<boolean> {
    await settled()
    for (;;) {
      if (over()) return true
      const event = this.#heap[0]
      if (event === undefined || event.at > until) {
        this.now = until
        return false
      }
      this.#pop()
      if (event.off || event.life?.dead === true) continue
      this.now = event.at
      if (event.life?.paused === true) {
        event.life.held.push(event)
        continue
      }
      if (++this.events > mostEvents) throw new Error(`${mostEvents} events did not bring it to rest`)
      event.work()
      await settled()
    }
  }

  /** It knows nothing of it when it goes on: all that came meanwhile comes then, in an order of chance. */
  wake(life: Life): void {
    life.paused = false
    for (const event of life.held.splice(0)) {
      event.at = this.now
      event.tie = this.random.next()
      this.#push(event)
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const up = (at - 1) >> 1
      const parent = heap[up]
      if (parent === undefined || !before(event, parent)) break
      heap[at] = parent
      at = up
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let down = 2 * at + 1
      const [left, right] = [heap[down], heap[down + 1]]
      if (left === undefined) break
      let least = left
      if (right !== undefined && before(right, left)) {
        least = right
        down++
      }
      if (!before(least, last)) break
      heap[at] = least
      at = down
    }
    heap[at] = last
  }
}
