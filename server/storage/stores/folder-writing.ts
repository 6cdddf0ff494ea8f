/** Bytes on their way to a disk: written aside, and synced. */
import { createHash } from 'node:crypto'
import { open, type FileHandle } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { StoredBlob } from '../artifact-store.ts'

function unavailable(cause: unknown): DagbokError {
  const code = (cause as NodeJS.ErrnoException).code
  const why = code === 'ENOSPC' ? 'its disk is full' : `it cannot be written (${code ?? 'unknown'})`
  return new DagbokError('unavailable', `The artifact store did not take the bytes: ${why}.`, { cause })
}

/** A fault of the disk becomes the store's; one of the source stays what it is. */
export async function stored<T>(work: Promise<T>): Promise<T> {
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

export async function writeAside(path: string, source: Readable | Uint8Array): Promise<StoredBlob> {
  const file = await stored(open(path, 'wx', 0o600))
  try {
    return await write(file, source)
  } finally {
    await file.close()
  }
}

export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}
