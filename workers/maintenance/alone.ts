/** One process of a deployment at a time. */
import { SessionLock } from '#db/session-lock.ts'

/** Of the advisory lock: "dagb" and 3. */
const lock = 0x64616762_03
/** ms that its connection has to end. */
const endMs = 1000

/**
 * Two that collect blobs at once could take from each other: one restores what the other puts aside.
 * @returns null when another process is at it
 */
export async function alone<T>(databaseUrl: string, work: () => Promise<T>): Promise<T | null> {
  const held = new SessionLock(databaseUrl, lock, 'dagbok maintenance')
  try {
    return (await held.isOurs()) ? await work() : null
  } finally {
    await held.close(endMs)
  }
}
