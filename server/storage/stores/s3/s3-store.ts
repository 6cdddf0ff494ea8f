/** The artifact store in a bucket of S3, or of a store that speaks its language. */
import type { Readable } from 'node:stream'
import { DagbokError } from '../../../domain/errors/errors.ts'
import type { ByteRange, OwnedStore, StoredBlob } from '../../artifact-store.ts'
import { union } from '../../in-order.ts'
import { partsOf } from '../../parts.ts'
import { Bucket, type BucketOptions } from './bucket.ts'
import { copyWithin } from './copying.ts'
import { download } from './download.ts'
import { S3Fault } from './faults.ts'
import { aside, asidePath, blobPath, blobs, hashIn, incoming, incomingOf } from './keys.ts'
import { usualLimits, type S3Limits } from './limits.ts'
import { S3Links } from './links.ts'
import { deleteKeys, knock, pages, sweepBelow } from './listing.ts'
import { look, Uploader } from './upload.ts'

/** ms within which it has to answer to be swept. */
const sweepableMs = 5000

/** How many blobs are moved at once. */
const atOnce = 16

async function inTurns<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  for (let at = 0; at < all.length; at += atOnce)
    await Promise.all(all.slice(at, at + atOnce).map((one) => work(one)))
}

export class S3Store implements OwnedStore {
  readonly links: S3Links
  /** As it is named to people. */
  readonly name: string
  readonly #bucket: Bucket
  readonly #limits: S3Limits
  readonly #incoming: string
  readonly #uploader: Uploader

  /** @param writer whoever writes, one process at a time: what an earlier life of it left is swept */
  constructor(options: BucketOptions, writer: string, limits: S3Limits = usualLimits) {
    this.#bucket = new Bucket(options)
    this.#limits = limits
    this.#incoming = incomingOf(writer)
    this.#uploader = new Uploader(this.#bucket, limits, this.#incoming)
    this.links = new S3Links(this.#bucket, options)
    this.name = this.#bucket.name
  }

  async put(source: Readable | Uint8Array): Promise<StoredBlob> {
    const parts = partsOf(source, this.#limits.part)
    const begun = await parts.next()
    if (begun.done === true) throw new DagbokError('internal', 'A source without a part.')
    const first = begun.value
    try {
      return first.last ? await this.#uploader.whole(first.bytes) : await this.#uploader.inParts(first, parts)
    } catch (error) {
      // Nobody takes the rest.
      await parts.return(undefined)
      throw this.#bucket.told(error)
    }
  }

  async stat(hash: string): Promise<StoredBlob> {
    const paths = [blobPath(hash), asidePath(hash)]
    for (const path of paths) {
      const found = await this.#told(look(this.#bucket, this.#bucket.key(path)))
      if (found !== null) return { hash, size: found.size }
    }
    throw new DagbokError('not_found', 'There is no such blob.')
  }

  read(hash: string, range?: ByteRange): Promise<Readable> {
    return this.#told(download(this.#bucket, hash, range, this.#limits.window))
  }

  /** What lies below a path and was written before then, by its hash. */
  async *#below(path: string, before = Infinity): AsyncGenerator<StoredBlob[]> {
    for await (const page of this.#retold(pages(this.#bucket, path, this.#limits.page)))
      yield page.flatMap(({ key, size, writtenAt }) => {
        const hash = hashIn(key)
        return hash === null || writtenAt >= before ? [] : [{ hash, size }]
      })
  }

  async *#hashes(path: string, ms: number): AsyncGenerator<string[]> {
    for await (const found of this.#below(path, Date.now() - ms))
      if (found.length > 0) yield found.map(({ hash }) => hash)
  }

  list(): AsyncGenerator<StoredBlob[]> {
    return union(this.#below(blobs), this.#below(aside))
  }

  olderThan(ms: number): AsyncGenerator<string[]> {
    return this.#hashes(blobs, ms)
  }

  setAside(ms: number): AsyncGenerator<string[]> {
    return this.#hashes(aside, ms)
  }

  /** Copied first, and taken away then: whoever reads finds it in one place or the other. */
  async putAside(hashes: readonly string[], ms: number): Promise<number> {
    const before = new Date(Date.now() - ms)
    const moved: string[] = []
    await inTurns(hashes, async (hash) => {
      if (await this.#move(blobPath(hash), asidePath(hash), before)) moved.push(hash)
    })
    await this.#delete(moved.map(blobPath))
    return moved.length
  }

  async restore(hashes: readonly string[]): Promise<void> {
    const moved: string[] = []
    await inTurns(hashes, async (hash) => {
      // One that was put anew is there, and younger.
      const there = await this.#told(look(this.#bucket, this.#bucket.key(blobPath(hash))))
      if (there !== null || (await this.#move(asidePath(hash), blobPath(hash)))) moved.push(hash)
    })
    await this.#delete(moved.map(asidePath))
  }

  async remove(hashes: readonly string[], ms: number): Promise<void> {
    const before = Date.now() - ms
    const old: string[] = []
    await inTurns(hashes, async (hash) => {
      const found = await this.#told(look(this.#bucket, this.#bucket.key(asidePath(hash))))
      if (found !== null && found.writtenAt < before) old.push(hash)
    })
    await this.#delete(old.map(asidePath))
  }

  /** Copies. @returns whether it was there, and written before then */
  async #move(from: string, to: string, before?: Date): Promise<boolean> {
    const keys = { from: this.#bucket.key(from), to: this.#bucket.key(to) }
    const found = await this.#told(look(this.#bucket, keys.from))
    if (found === null || (before !== undefined && found.writtenAt >= before.getTime())) return false
    const copying = { ...keys, size: found.size, ...(before === undefined ? {} : { before }) }
    try {
      await copyWithin(this.#bucket, copying, this.#limits.copy)
      return true
    } catch (error) {
      if (error instanceof S3Fault && (error.missing || error.status === 412)) return false
      throw this.#bucket.told(error)
    }
  }

  #delete(paths: readonly string[]): Promise<void> {
    return this.#told(
      deleteKeys(
        this.#bucket,
        paths.map((path) => this.#bucket.key(path)),
      ),
    )
  }

  async sweep(): Promise<number> {
    // Whoever starts does not wait for one that is away.
    await this.check(sweepableMs)
    const own = { uploads: this.#incoming, objects: this.#incoming }
    return this.#told(sweepBelow(this.#bucket, own, Infinity))
  }

  forgetUnfinished(ms: number): Promise<number> {
    return this.#told(sweepBelow(this.#bucket, { uploads: '', objects: incoming }, Date.now() - ms))
  }

  /**
   * Asks for one page of it: whether it is there, and lets this key in.
   * @param ms that the answer may take
   * @throws DagbokError `unavailable` with what to do
   */
  async check(ms: number): Promise<void> {
    await this.#told(knock(this.#bucket.within(ms)))
  }

  close(): void {
    this.links.close()
    this.#bucket.close()
  }

  async #told<T>(work: Promise<T>): Promise<T> {
    try {
      return await work
    } catch (error) {
      throw this.#bucket.told(error)
    }
  }

  async *#retold<T>(work: AsyncIterable<T>): AsyncGenerator<T> {
    try {
      yield* work
    } catch (error) {
      throw this.#bucket.told(error)
    }
  }
}
