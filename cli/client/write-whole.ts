/** A file that is there as a whole, or not at all. */
import { createHash, randomUUID } from 'node:crypto'
import { createWriteStream } from 'node:fs'
import { rename, rm } from 'node:fs/promises'
import { Transform, type Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { DagbokError } from '#server/domain/errors/errors.ts'

/**
 * Writes beside the file, and renames when all of it is there.
 * @param hash SHA-256 of all bytes, in hex
 * @throws DagbokError `unavailable` when other bytes came than these; whatever went wrong, `file` is as it was
 */
export async function writeWhole(bytes: Readable, file: string, hash: string): Promise<void> {
  const aside = `${file}.${randomUUID()}.part`
  const sum = createHash('sha256')
  const read = new Transform({
    transform: (part: Buffer, _, done) => {
      sum.update(part)
      done(null, part)
    },
  })
  try {
    await pipeline(bytes, read, createWriteStream(aside, { flags: 'wx' }))
    if (sum.digest('hex') !== hash)
      throw new DagbokError('unavailable', 'Not all of it came, or not as it was left: ask for it again.')
    await rename(aside, file)
  } catch (error) {
    await rm(aside, { force: true })
    throw error
  }
}
