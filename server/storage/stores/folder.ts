/** The artifact store in a folder: a blob is written aside, synced, and renamed to its hash, so it is there whole or not. */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, readdir, rename, rm, stat, utimes } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { ByteRange, OwnedStore, StoredBlob } from '../artifact-store.ts'
import { union } from '../in-order.ts'
import { stored, syncFolder, writeAside } from './folder-writing.ts'

const hashPattern = /^[0-9a-f]{64}$/

/** A batch of what is looked through. */
const batch = 500

async function moved(from: string, to: string): Promise<void> {
  await mkdir(join(to, '..'), { recursive: true, mode: 0o700 })
  await rename(from, to).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}

interface Found {
  /** The path of what is there. */
  path: string
  /** Bytes. */
  size: number
  /** ms since 1970. */
  writtenAt: number
}

/** The first of these that is there, or null. */
async function firstOf(paths: readonly string[]): Promise<Found | null> {
  for (const path of paths) {
    const found = await stat(path).catch(() => null)
    if (found !== null) return { path, size: found.size, writtenAt: found.mtimeMs }
  }
  return null
}

/** What of these hashes is there, in their order. */
async function* foundOf(
  hashes: readonly string[],
  path: (hash: string) => string,
): AsyncGenerator<(StoredBlob & { writtenAt: number })[]> {
  for (let at = 0; at < hashes.length; at += batch) {
    const found = []
    for (const hash of hashes.slice(at, at + batch)) {
      const one = await firstOf([path(hash)])
      if (one !== null) found.push({ hash, size: one.size, writtenAt: one.writtenAt })
    }
    yield found
  }
}

const hashesIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => hashPattern.test(name)).toSorted()

async function* older(
  blobs: AsyncIterable<(StoredBlob & { writtenAt: number })[]>,
  ms: number,
): AsyncGenerator<string[]> {
  const before = Date.now() - ms
  for await (const found of blobs) {
    const old = found.filter(({ writtenAt }) => writtenAt < before).map(({ hash }) => hash)
    if (old.length > 0) yield old
  }
}

/**
 * Blobs are at `FOLDER/blobs/ab/abcdef…`; what is being written is in `FOLDER/incoming/WRITER`, what nobody needs in
 * `FOLDER/aside`.
 */
export class FolderStore implements OwnedStore {
  readonly links = null
  readonly #folder: string
  readonly #incoming: string

  /** @param writer whoever writes, one process at a time: what an earlier life of it left is swept */
  constructor(folder: string, writer = 'web') {
    this.#folder = folder
    this.#incoming = join(folder, 'incoming', createHash('sha256').update(writer).digest('hex').slice(0, 16))
  }

  #path(hash: string): string {
    if (!hashPattern.test(hash)) throw new DagbokError('not_found', 'There is no such blob.')
    return join(this.#folder, 'blobs', hash.slice(0, 2), hash)
  }

  async put(source: Readable | Uint8Array): Promise<StoredBlob> {
    // It may break off before it is read: whoever reads it is told then, and nobody else.
    if (source instanceof Readable) source.on('error', () => {})
    await stored(mkdir(this.#incoming, { recursive: true, mode: 0o700 }))
    const aside = join(this.#incoming, randomUUID())
    try {
      const blob = await writeAside(aside, source)
      const path = this.#path(blob.hash)
      await stored(mkdir(join(path, '..'), { recursive: true, mode: 0o700 }))
      await stored(rename(aside, path))
      await stored(syncFolder(join(path, '..')))
      return blob
    } catch (error) {
      await rm(aside, { force: true }).catch(() => {})
      throw error
    }
  }

  /** A blob is read where it is: also from aside, where it may be on its way to. @throws DagbokError `not_found` */
  async #find(hash: string): Promise<Found> {
    const path = this.#path(hash)
    const found = await firstOf([path, this.#aside(hash), path])
    if (found === null) throw new DagbokError('not_found', 'There is no such blob.')
    return found
  }

  async stat(hash: string): Promise<StoredBlob> {
    return { hash, size: (await this.#find(hash)).size }
  }

  async read(hash: string, range?: ByteRange): Promise<Readable> {
    const { path, size } = await this.#find(hash)
    const start = Math.min(range?.start ?? 0, size)
    const end = Math.min(range?.end ?? size, size)
    return start >= end ? Readable.from([]) : createReadStream(path, { start, end: end - 1 })
  }

  async *#blobs(): AsyncGenerator<(StoredBlob & { writtenAt: number })[]> {
    const root = join(this.#folder, 'blobs')
    for (const prefix of (await readdir(root).catch((): string[] => [])).toSorted())
      yield* foundOf(await hashesIn(join(root, prefix)), (hash) => this.#path(hash))
  }

  async *#asides(): AsyncGenerator<(StoredBlob & { writtenAt: number })[]> {
    yield* foundOf(await hashesIn(join(this.#folder, 'aside')), (hash) => this.#aside(hash))
  }

  async *list(): AsyncGenerator<StoredBlob[]> {
    for await (const found of union(this.#blobs(), this.#asides()))
      yield found.map(({ hash, size }) => ({ hash, size }))
  }

  async *olderThan(ms: number): AsyncGenerator<string[]> {
    yield* older(this.#blobs(), ms)
  }

  async *setAside(ms: number): AsyncGenerator<string[]> {
    yield* older(this.#asides(), ms)
  }

  #aside(hash: string): string {
    return join(this.#folder, 'aside', hash)
  }

  async putAside(hashes: readonly string[], ms: number): Promise<number> {
    let count = 0
    for (const hash of hashes) if (await this.#putAside(hash, ms)) count++
    return count
  }

  async #putAside(hash: string, ms: number): Promise<boolean> {
    await moved(this.#path(hash), this.#aside(hash))
    const found = await stat(this.#aside(hash)).catch(() => null)
    if (found === null) return false
    const now = new Date()
    // Put anew since it was listed: whoever did is about to point to it.
    if (found.mtimeMs >= now.getTime() - ms) {
      await this.restore([hash])
      return false
    }
    await utimes(this.#aside(hash), now, now)
    return true
  }

  async restore(hashes: readonly string[]): Promise<void> {
    for (const hash of hashes) await moved(this.#aside(hash), this.#path(hash))
  }

  async remove(hashes: readonly string[], ms: number): Promise<void> {
    const before = Date.now() - ms
    for (const hash of hashes) {
      const found = await firstOf([this.#aside(hash)])
      if (found !== null && found.writtenAt < before) await rm(found.path, { force: true })
    }
  }

  async forgetUnfinished(ms: number): Promise<number> {
    const root = join(this.#folder, 'incoming')
    let gone = 0
    for (const name of await readdir(root, { recursive: true }).catch(() => [])) {
      const found = await stat(join(root, name)).catch(() => null)
      if (found?.isFile() !== true || found.mtimeMs >= Date.now() - ms) continue
      await rm(join(root, name), { force: true })
      gone++
    }
    return gone
  }

  /**
   * What a disk that cannot be written to does not let go stays for the next life.
   */
  async sweep(): Promise<number> {
    let gone = 0
    for (const name of await readdir(this.#incoming).catch(() => []))
      await rm(join(this.#incoming, name), { force: true }).then(
        () => gone++,
        () => {},
      )
    return gone
  }
}
