/** Places of executors: free ones, and those that claims on their way may need. */
import type { Executor } from '../executors/executor.ts'
import type { HeldAttempts } from './held-attempts.ts'

export class Room {
  readonly #held: HeldAttempts
  readonly #reserved = new Map<Executor, number>()
  readonly #idle = new Set<Executor>()

  constructor(held: HeldAttempts) {
    this.#held = held
  }

  /** Free places. */
  of(executor: Executor): number {
    let room = executor.capacity - (this.#reserved.get(executor) ?? 0)
    for (const held of this.#held.values()) if (held.executor === executor) room--
    return room
  }

  /** Keeps places for claims that are on their way; below 0 gives them back. */
  reserve(executor: Executor, places: number): void {
    this.#reserved.set(executor, (this.#reserved.get(executor) ?? 0) + places)
  }

  /** The executor of this machine, when its last look found nothing though it had room; else null. */
  idle(): Executor | null {
    const [first] = this.#idle
    return first ?? null
  }

  looks(executor: Executor): void {
    this.#idle.delete(executor)
  }

  foundNothing(executor: Executor): void {
    if (executor.post.own) this.#idle.add(executor)
  }

  /** There may be work that nobody has looked at. */
  unsettled(): void {
    this.#idle.clear()
  }
}
