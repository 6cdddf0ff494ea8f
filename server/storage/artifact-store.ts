/**
 * The artifact store: bytes under the SHA-256 of their content. One contract, several adapters (`stores/`), one
 * conformance suite. A blob is visible only whole; writing one that is there already is a success.
 */
import type { Readable } from 'node:stream'

export interface StoredBlob {
  /** SHA-256 of the bytes, hex. */
  hash: string
  /** Bytes. */
  size: number
}

/** Inclusive start and exclusive end, in bytes. */
export interface ByteRange {
  start: number
  end: number
}

export interface ArtifactStore {
  /** Streams `source` in, in bounded memory. @throws DagbokError `unavailable` when the store cannot take it; what the source throws */
  put(source: Readable | Uint8Array): Promise<StoredBlob>
  /** @throws DagbokError `not_found` */
  stat(hash: string): Promise<StoredBlob>
  /** @throws DagbokError `not_found` */
  read(hash: string, range?: ByteRange): Promise<Readable>
}

/** What the collector of blobs that nobody needs asks of a store. Hashes come in batches. */
export interface BlobShelf {
  /** Blobs that were written, also anew, more than so many ms ago. */
  olderThan(ms: number): AsyncIterable<string[]>
  /**
   * Out of sight at once; it can be restored until it is removed. One that is not there any more is no fault, and one that
   * was written anew within so many ms stays. @returns whether it was put aside
   */
  putAside(hash: string, ms: number): Promise<boolean>
  /** What was put aside at least so many ms ago, and not removed yet. */
  setAside(ms: number): AsyncIterable<string[]>
  restore(hash: string): Promise<void>
  remove(hash: string): Promise<void>
}

/** What an attempt needs of a store. */
export type AttemptStore = Pick<ArtifactStore, 'put' | 'read'>
