/**
 * Attempts whose lease is over are given up when they have been so for as long as an answer of their start gate is believed,
 * by the clock of this process: the database's clock may have jumped, and those who live prolong their leases then.
 */
import { gateMs } from '#server/config/lease.ts'
import type { Effects } from './effects.ts'

interface Expired {
  token: string
  runId: string
}

export class Overdue {
  readonly #elapsed: Effects['elapsed']
  /** By token, since when it has been seen without a break. */
  #since = new Map<string, number>()

  constructor(elapsed: Effects['elapsed']) {
    this.#elapsed = elapsed
  }

  /** @param expired all whose lease is over now. @returns those to give up */
  look(expired: readonly Expired[]): Expired[] {
    const now = this.#elapsed()
    this.#since = new Map(expired.map(({ token }) => [token, this.#since.get(token) ?? now]))
    return expired.filter(({ token }) => now - (this.#since.get(token) ?? now) > gateMs)
  }
}
