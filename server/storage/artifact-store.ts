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
  /** @throws DagbokError `not_found`, `unavailable` */
  stat(hash: string): Promise<StoredBlob>
  /**
   * The stream fails when the store does not give all of the bytes. One behind a network also compares those of a whole blob
   * with its hash.
   * @throws DagbokError `not_found`, `unavailable`
   */
  read(hash: string, range?: ByteRange): Promise<Readable>
  /** How others move bytes without this process; null where the store has no address that they could ask (a folder). */
  readonly links: BlobLinks | null
}

/** What somebody else sends to the store: this method, to this address, with these headers, and the bytes. */
export interface UploadLink {
  method: 'PUT'
  url: string
  headers: Record<string, string>
}

/** Addresses that need no credentials, and are good for a while: whoever has one may do this one thing. */
export interface BlobLinks {
  /** Whether browsers reach them, too, and not only what runs beside this process. */
  readonly forBrowsers: boolean
  /** Bytes of the longest blob that one upload may bring. */
  readonly longestUpload: number
  /**
   * For a GET, ranges included. What is served is saved, and never shown as a page.
   * @param ms that it is good for, whole seconds
   * @throws DagbokError `not_found`, `unavailable`
   */
  download(hash: string, named: { name: string; mediaType: string }, ms: number): Promise<string>
  /**
   * For these bytes and no others: the store refuses what has another hash or size.
   * @param ms as above
   * @throws DagbokError `too_large`
   */
  upload(blob: StoredBlob, ms: number): Promise<UploadLink>
}

/** What there is to go through in a store: by whoever copies it. */
export interface BlobCatalogue {
  /** Every blob that can be read, in ascending order of hashes, in batches. */
  list(): AsyncIterable<StoredBlob[]>
}

/** What the collector of blobs that nobody needs asks of a store. Hashes come and go in batches. */
export interface BlobShelf {
  /** Blobs that were written, also anew, more than so many ms ago, and are not put aside. */
  olderThan(ms: number): AsyncIterable<string[]>
  /**
   * Marks what is to be removed once it has lain aside. Until then it can be read, so that nobody misses it who put the same
   * bytes in that moment and is about to point to them. One that is not there any more is no fault, and one that was written
   * anew within so many ms stays.
   * @returns how many were put aside
   */
  putAside(hashes: readonly string[], ms: number): Promise<number>
  /** What was put aside at least so many ms ago, and not removed yet. */
  setAside(ms: number): AsyncIterable<string[]>
  restore(hashes: readonly string[]): Promise<void>
  /** Of those, what was put aside anew within so many ms stays. */
  remove(hashes: readonly string[], ms: number): Promise<void>
  /** Forgets what somebody began to write so many ms ago, and did not end. @returns how many are gone */
  forgetUnfinished(ms: number): Promise<number>
}

/** A store as its owner has it: whoever opens one writes to it under a name, one process at a time. */
export interface OwnedStore extends ArtifactStore, BlobShelf, BlobCatalogue {
  /**
   * Removes what an earlier life of this writer was writing. Call it before it writes.
   * @returns how many are gone
   */
  sweep(): Promise<number>
}

/** What an attempt needs of a store. */
export interface AttemptStore extends Pick<ArtifactStore, 'put' | 'read'> {
  /**
   * As `put`, of what can be read more than once: such a store may send it another way when it knows what it is.
   * @param open gives the same bytes each time
   */
  putFile?(open: () => Readable): Promise<StoredBlob>
}
