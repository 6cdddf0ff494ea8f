/** The other half of R4: what may run does run. In quiet times nothing stays queued while there is room for it. */
import type { Product } from '../product.ts'
import type { Rows, Tables } from '../store/tables.ts'
import type { Checker } from './checker.ts'
import { limitFaults } from './limits.ts'

/** ms of room for it after which it must have been claimed: a few polls. */
const mostMs = 8000

export class Conservation {
  readonly #checker: Checker
  readonly #tables: Tables
  readonly #parallelism: number | null
  readonly #products: readonly Product[]
  /** Since when there has been room for each. */
  #since = new Map<string, number>()

  constructor(checker: Checker, tables: Tables, products: readonly Product[], parallelism: number | null) {
    this.#parallelism = parallelism
    this.#checker = checker
    this.#tables = tables
    this.#products = products
  }

  /** Whether somebody has room who serves its queue. */
  #hasRoom({ queue }: Rows['taskRun']): boolean {
    const name = queue?.split('/')[1] ?? null
    return this.#products.some(
      ({ executor, remotes }) =>
        ((name === null || name === 'default') && executor !== null && executor.free > 0) ||
        [...remotes].some(({ free, post }) => free > 0 && name !== null && post.queues.includes(name)),
    )
  }

  /** Whether it could be claimed now: what the limits would say if it held a place. */
  #fits(item: Rows['taskRun']): boolean {
    const run = this.#tables.run.get(item.runId)
    if (run?.state !== 'running' || run.stopping !== null || run.cancelRequestedAt !== null) return false
    const after = { ...item, state: 'starting' as const }
    this.#tables.taskRun.set(item.id, after)
    const change = { table: 'taskRun', id: item.id, before: item, after } as const
    const faults = limitFaults(this.#tables, [change], this.#parallelism)
    this.#tables.taskRun.set(item.id, item)
    return faults.length === 0
  }

  /** @param locked whether somebody that is gone may still hold locks: then all may have to wait for him */
  look(now: number, locked: boolean): void {
    const next = new Map<string, number>()
    for (const item of this.#tables.taskRun.values()) {
      if (item.state !== 'queued' || locked || !this.#hasRoom(item) || !this.#fits(item)) continue
      const since = this.#since.get(item.id) ?? now
      next.set(item.id, since)
      if (now - since > mostMs)
        this.#checker.broken(
          'R4',
          now,
          `${item.id} of ${item.runId} is queued for ${mostMs} ms, and there is room for it`,
        )
    }
    this.#since = next
  }
}
