/** Waits for what no signal tells: looks again, soon at first. */
import { setTimeout as pause } from 'node:timers/promises'
import { ClusterError } from './cluster-error.ts'

/**
 * What `look` gives once it is not null.
 * @param ms after which nobody waits for it any longer
 * @throws ClusterError that names `what`
 */
export async function until<T>(what: string, look: () => Promise<T | null>, ms = 60_000): Promise<T> {
  const last = Date.now() + ms
  for (let wait = 10; ; wait = Math.min(wait * 1.5, 200)) {
    const found = await look()
    if (found !== null) return found
    if (Date.now() > last) throw new ClusterError(`gave up after ${ms / 1000} s: ${what}`)
    await pause(wait)
  }
}
