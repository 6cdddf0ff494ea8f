/** Brings the blobs of one store into another: what is there already is passed over, so that it can be done again. */
import { DagbokError } from '../domain/errors/errors.ts'
import type { ArtifactStore, BlobCatalogue, StoredBlob } from './artifact-store.ts'
import { beside } from './in-order.ts'

export interface Copied {
  copied: number
  /** Bytes of those. */
  bytes: number
  /** How many the other store had. */
  there: number
  /** How many were removed from the first store meanwhile. */
  gone: number
  /** Hashes of those whose bytes are others: they are not copied. */
  damaged: string[]
}

/** How many are under way at once. */
const atOnce = 4

type Source = Pick<ArtifactStore, 'read'> & BlobCatalogue
type Target = Pick<ArtifactStore, 'put'> & BlobCatalogue

/** @returns whether it arrived with the bytes of its hash; null: it is gone */
async function copyOne(from: Source, to: Target, blob: StoredBlob): Promise<boolean | null> {
  const source = await from.read(blob.hash).catch((error: unknown) => {
    if (error instanceof DagbokError && error.code === 'not_found') return null
    throw error
  })
  if (source === null) return null
  const { hash, size } = await to.put(source)
  return hash === blob.hash && size === blob.size
}

/**
 * Goes through both in the order of hashes. Whoever puts into either meanwhile is not disturbed; what he puts may be missed.
 * @param tell what is done so far, after each blob
 * @throws DagbokError `unavailable` when one of the stores is
 */
export async function copyBlobs(
  from: Source,
  to: Target,
  tell: (done: Readonly<Copied>) => void = () => {},
): Promise<Copied> {
  const done: Copied = { copied: 0, bytes: 0, there: 0, gone: 0, damaged: [] }
  const take = async (blob: StoredBlob) => {
    const arrived = await copyOne(from, to, blob)
    if (arrived === null) done.gone++
    else if (!arrived) done.damaged.push(blob.hash)
    else {
      done.copied++
      done.bytes += blob.size
    }
    tell(done)
  }
  const underWay = new Set<Promise<void>>()
  try {
    for await (const { blob, there } of beside(from.list(), to.list())) {
      if (there) {
        done.there++
        continue
      }
      const one = take(blob).finally(() => underWay.delete(one))
      // Its fault is heard when it is waited for.
      one.catch(() => {})
      underWay.add(one)
      if (underWay.size >= atOnce) await Promise.race(underWay)
    }
    await Promise.all(underWay)
  } finally {
    await Promise.allSettled(underWay)
  }
  return done
}
