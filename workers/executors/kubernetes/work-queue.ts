/**
 * Keys to be looked at. A key is in it once, however often it is put in, and is worked on by one at a time: what is put in while it
 * is worked on is looked at once more. A key whose work fails comes back later, each time after a longer while.
 */
import { ClusterError } from './cluster-error.ts'
import { backOff, realTiming, type Timing } from './timing.ts'

export interface QueueSettings {
  /** Keys that are worked on at once. */
  workers: number
  /** ms of waiting after failures of one key in a row. */
  failing: { first: number; most: number }
}

export const usualQueue: QueueSettings = { workers: 16, failing: { first: 500, most: 60_000 } }

/** What work on a key says: nothing more, or to look at it again after so many ms. */
export type Again = { againMs: number } | null

export class WorkQueue {
  readonly #work: (key: string) => Promise<Again>
  readonly #onFault: (key: string, error: unknown) => void
  readonly #timing: Timing
  readonly #settings: QueueSettings
  /** In the order in which they are to be worked on. */
  readonly #ready = new Set<string>()
  readonly #working = new Set<string>()
  /** Put in while they are worked on. */
  readonly #dirty = new Set<string>()
  readonly #later = new Map<string, { at: number; callOff: () => void }>()
  readonly #failures = new Map<string, number>()
  #stopped = false
  #idle: (() => void)[] = []

  /** @param given.onFault is told of each failure; its key comes back whatever it was */
  constructor(given: {
    work: (key: string) => Promise<Again>
    onFault: (key: string, error: unknown) => void
    timing?: Timing
    settings?: Partial<QueueSettings>
  }) {
    this.#work = given.work
    this.#onFault = given.onFault
    this.#timing = given.timing ?? realTiming
    this.#settings = { ...usualQueue, ...given.settings }
  }

  /** Keys that wait for a worker; not those that are worked on, or come later. */
  get waiting(): number {
    return this.#ready.size
  }

  /** At the next turn, also where it was to come later. */
  add(key: string): void {
    if (this.#stopped) return
    this.#callOff(key)
    if (this.#working.has(key)) this.#dirty.add(key)
    else this.#ready.add(key)
    this.#next()
  }

  /** After `ms`, or earlier where something else says so. */
  addLater(key: string, ms: number): void {
    if (this.#stopped) return
    if (ms <= 0) return this.add(key)
    const at = this.#timing.elapsed() + ms
    const known = this.#later.get(key)
    if (known !== undefined && known.at <= at) return
    known?.callOff()
    this.#later.set(key, { at, callOff: this.#timing.after(ms, () => this.add(key)) })
  }

  /** Begins nothing more. Resolves when what is worked on has ended. */
  async stop(): Promise<void> {
    this.#stopped = true
    for (const { callOff } of this.#later.values()) callOff()
    this.#later.clear()
    this.#ready.clear()
    this.#dirty.clear()
    if (this.#working.size > 0) await new Promise<void>((done) => this.#idle.push(done))
  }

  #callOff(key: string): void {
    this.#later.get(key)?.callOff()
    this.#later.delete(key)
  }

  #next(): void {
    for (const key of this.#ready) {
      if (this.#working.size >= this.#settings.workers) return
      this.#ready.delete(key)
      this.#working.add(key)
      void this.#turn(key)
    }
  }

  async #turn(key: string): Promise<void> {
    let againMs: number | null = null
    try {
      againMs = (await this.#work(key))?.againMs ?? null
      this.#failures.delete(key)
    } catch (error) {
      againMs = this.#afterFailure(key, error)
    }
    this.#working.delete(key)
    if (this.#dirty.delete(key) && !this.#failures.has(key)) this.#ready.add(key)
    else if (againMs !== null) this.addLater(key, againMs)
    this.#next()
    if (this.#working.size > 0) return
    for (const done of this.#idle.splice(0)) done()
  }

  #afterFailure(key: string, error: unknown): number {
    const n = this.#failures.get(key) ?? 0
    this.#failures.set(key, n + 1)
    try {
      this.#onFault(key, error)
    } catch {
      // Whoever is told of faults has one: the key comes back all the same.
    }
    const asked = error instanceof ClusterError ? (error.retryAfterMs ?? 0) : 0
    return Math.max(asked, backOff(n, this.#settings.failing, this.#timing.random))
  }
}
