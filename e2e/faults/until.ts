/** How a fault test waits: for what others do, and for a database that may be away. */

import { setTimeout as pause } from 'node:timers/promises'

export { pause }

/** ms: far longer than anything that is waited for takes, also on a slow machine. */
const patienceMs = 120_000
/** ms between two looks. */
const betweenMs = 20

/**
 * Looks again until there is something: neither false nor null.
 * @throws Error when there is nothing after `ms`; what the look itself throws
 */
export async function until<T>(
  what: string,
  look: () => T | Promise<T>,
  ms = patienceMs,
): Promise<Exclude<T, false | null>> {
  for (const end = Date.now() + ms; ; await pause(betweenMs)) {
    const found = await look()
    if (found !== false && found !== null) return found as Exclude<T, false | null>
    if (Date.now() > end) throw new Error(`after ${ms / 1000} s it is still not so: ${what}`)
  }
}

/** Asks again until it is answered. @throws what was thrown last, after two minutes */
export async function insist<T>(ask: () => PromiseLike<T>): Promise<T> {
  for (const end = Date.now() + patienceMs; ; await pause(betweenMs))
    try {
      return await ask()
    } catch (error) {
      if (Date.now() > end) throw error
    }
}
