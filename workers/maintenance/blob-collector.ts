/**
 * Takes blobs that nobody points to out of the store, in two steps: one that is a day old and in nobody's rows is set
 * aside, and goes for good when it has lain there as long, unless somebody came to point to it meanwhile. Workers have
 * their rounds at times of their own: what one sets aside, another one must not take away in the next moment.
 */
import type { Database } from '#db/client.ts'
import { blobsInUse } from '#db/queries/retention.ts'
import type { BlobShelf } from '#server/storage/artifact-store.ts'

/** ms after which whoever wrote a blob has told the database, or never will. */
export const settledMs = 86_400_000

export interface Collected {
  setAside: number
  removed: number
  restored: number
}

/** @param stopped is asked before each batch: what is left waits for the next round */
export async function collectBlobs(
  db: Database,
  shelf: BlobShelf,
  minAgeMs = settledMs,
  stopped = () => false,
): Promise<Collected> {
  const done: Collected = { setAside: 0, removed: 0, restored: 0 }
  for await (const hashes of shelf.setAside(minAgeMs)) {
    if (stopped()) return done
    const used = await blobsInUse(db, hashes)
    for (const hash of hashes) {
      if (used.has(hash)) await shelf.restore(hash)
      else await shelf.remove(hash)
    }
    done.restored += used.size
    done.removed += hashes.length - used.size
  }
  for await (const hashes of shelf.olderThan(minAgeMs)) {
    if (stopped()) return done
    const used = await blobsInUse(db, hashes)
    for (const hash of hashes) {
      if (used.has(hash)) continue
      if (await shelf.putAside(hash, minAgeMs)) done.setAside++
    }
  }
  return done
}
