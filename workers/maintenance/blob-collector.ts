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
  /** What somebody began to write, and did not end. */
  unfinished: number
}

/** @param stopped is asked before each batch: what is left waits for the next round */
export async function collectBlobs(
  db: Database,
  shelf: BlobShelf,
  minAgeMs = settledMs,
  stopped = () => false,
): Promise<Collected> {
  const done: Collected = { setAside: 0, removed: 0, restored: 0, unfinished: 0 }
  for await (const hashes of shelf.setAside(minAgeMs)) {
    if (stopped()) return done
    const used = await blobsInUse(db, hashes)
    const unused = hashes.filter((hash) => !used.has(hash))
    await shelf.restore([...used])
    await shelf.remove(unused, minAgeMs)
    done.restored += used.size
    done.removed += unused.length
  }
  for await (const hashes of shelf.olderThan(minAgeMs)) {
    if (stopped()) return done
    const used = await blobsInUse(db, hashes)
    done.setAside += await shelf.putAside(
      hashes.filter((hash) => !used.has(hash)),
      minAgeMs,
    )
  }
  done.unfinished = await shelf.forgetUnfinished(minAgeMs)
  return done
}
