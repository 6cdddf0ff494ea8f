/** Blobs that arrive in parts: kept aside until the last one is there, then put into the store whole (R13). */
import { createReadStream } from 'node:fs'
import { mkdir, open, readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { ArtifactStore, StoredBlob } from '#server/storage/artifact-store.ts'
import { longestBlob } from './protocol.ts'

export interface Part {
  attemptId: string
  /** Names the upload among those of its attempt. */
  upload: string
  offset: number
  last: boolean
  bytes: Buffer
}

export class Uploads {
  readonly #folder: string
  readonly #artifacts: ArtifactStore

  constructor(folder: string, artifacts: ArtifactStore) {
    this.#folder = folder
    this.#artifacts = artifacts
  }

  /**
   * Takes a part; one that was taken before is taken for granted. Gives the blob with the last one, else null.
   * @throws DagbokError `conflict` when a part before it is missing, `too_large`
   */
  async take({ attemptId, upload, offset, last, bytes }: Part): Promise<StoredBlob | null> {
    if (offset + bytes.length > longestBlob)
      throw new DagbokError('too_large', `A blob has at most ${longestBlob} bytes.`)
    if (last && offset === 0) return this.#artifacts.put(bytes)
    const path = join(this.#folder, `${attemptId}.${upload}`)
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const { size } = await stat(path).catch(() => ({ size: 0 }))
    if (offset > size) throw new DagbokError('conflict', `The part at ${size} is missing.`)
    // After a crash it may end in the middle of a part: the same bytes go there again.
    const file = await open(path, size === 0 ? 'w' : 'r+', 0o600)
    try {
      await file.write(bytes, 0, bytes.length, offset)
    } finally {
      await file.close()
    }
    if (!last) return null
    // It stays until its attempt is over: the last part may come again, since its answer was lost.
    return this.#artifacts.put(createReadStream(path, { start: 0, end: offset + bytes.length - 1 }))
  }

  /** Forgets what attempts that are over did not finish. */
  async sweep(isOver: (attemptId: string) => boolean): Promise<void> {
    for (const name of await readdir(this.#folder).catch(() => []))
      if (isOver(name.split('.')[0] ?? ''))
        // What a disk that cannot be written to does not let go stays for the next time.
        await rm(join(this.#folder, name), { force: true }).catch(() => {})
  }
}
