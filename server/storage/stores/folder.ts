/** The artifact store in a folder: a blob is written aside, synced, and renamed to its hash, so it is there whole or not. */
import { createHash, randomUUID } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rename, rm, stat, utimes, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { ArtifactStore, BlobShelf, ByteRange, StoredBlob } from '../artifact-store.ts'

const hashPattern = /^[0-9a-f]{64}$/

function unavailable(cause: unknown): DagbokError {
  const code = (cause as NodeJS.ErrnoException).code
  const why = code === 'ENOSPC' ? 'its disk is full' : `it cannot be written (${code ?? 'unknown'})`
  return new DagbokError('unavailable', `The artifact store did not take the bytes: ${why}.`, { cause })
}

/** A fault of the disk becomes the store's; one of the source stays what it is. */
async function stored<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw unavailable(cause)
  }
}

async function write(file: FileHandle, source: Readable | Uint8Array): Promise<StoredBlob> {
  const hash = createHash('sha256')
  let size = 0
  for await (const chunk of source instanceof Uint8Array ? [source] : (source as AsyncIterable<Uint8Array>)) {
    hash.update(chunk)
    size += chunk.byteLength
    // `writeFile` on a handle appends, and writes all of the chunk.
    await stored(file.writeFile(chunk))
  }
  await stored(file.sync())
  return { hash: hash.digest('hex'), size }
}

async function writeAside(path: string, source: Readable | Uint8Array): Promise<StoredBlob> {
  const file = await stored(open(path, 'wx', 0o600))
  try {
    return await write(file, source)
  } finally {
    await file.close()
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** A batch of what is looked through. */
const batch = 500

async function moved(from: string, to: string): Promise<void> {
  await mkdir(join(to, '..'), { recursive: true, mode: 0o700 })
  await rename(from, to).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  })
}

/**
 * Blobs are at `FOLDER/blobs/ab/abcdef…`; what is being written is in `FOLDER/incoming/WRITER`, what nobody needs in
 * `FOLDER/aside`.
 */
export class FolderStore implements ArtifactStore, BlobShelf {
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

  async stat(hash: string): Promise<StoredBlob> {
    const found = await stat(this.#path(hash)).catch(() => null)
    if (found === null) throw new DagbokError('not_found', 'There is no such blob.')
    return { hash, size: found.size }
  }

  async read(hash: string, range?: ByteRange): Promise<Readable> {
    const { size } = await this.stat(hash)
    const start = Math.min(range?.start ?? 0, size)
    const end = Math.min(range?.end ?? size, size)
    return start >= end ? Readable.from([]) : createReadStream(this.#path(hash), { start, end: end - 1 })
  }

  async *olderThan(ms: number): AsyncGenerator<string[]> {
    const before = Date.now() - ms
    for (const prefix of await readdir(join(this.#folder, 'blobs')).catch(() => [])) {
      const names = (await readdir(join(this.#folder, 'blobs', prefix))).filter((name) =>
        hashPattern.test(name),
      )
      const old: string[] = []
      for (const name of names) {
        const found = await stat(this.#path(name)).catch(() => null)
        if (found !== null && found.mtimeMs < before) old.push(name)
      }
      for (let at = 0; at < old.length; at += batch) yield old.slice(at, at + batch)
    }
  }

  #aside(hash: string): string {
    return join(this.#folder, 'aside', hash)
  }

  async putAside(hash: string, ms: number): Promise<boolean> {
    await moved(this.#path(hash), this.#aside(hash))
    const found = await stat(this.#aside(hash)).catch(() => null)
    if (found === null) return false
    const now = new Date()
    // Put anew since it was listed: whoever did is about to point to it.
    if (found.mtimeMs >= now.getTime() - ms) {
      await this.restore(hash)
      return false
    }
    await utimes(this.#aside(hash), now, now)
    return true
  }

  async *setAside(ms: number): AsyncGenerator<string[]> {
    const before = Date.now() - ms
    const old: string[] = []
    for (const name of await readdir(join(this.#folder, 'aside')).catch(() => [])) {
      const found = await stat(this.#aside(name)).catch(() => null)
      if (found !== null && found.mtimeMs < before) old.push(name)
    }
    for (let at = 0; at < old.length; at += batch) yield old.slice(at, at + batch)
  }

  async restore(hash: string): Promise<void> {
    await moved(this.#aside(hash), this.#path(hash))
  }

  async remove(hash: string): Promise<void> {
    await rm(this.#aside(hash), { force: true })
  }

  /**
   * Removes what an earlier life of this writer was writing. Call it before it writes. What a disk that cannot be written to
   * does not let go stays for the next life. Gives how many are gone.
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
