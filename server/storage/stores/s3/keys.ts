/**
 * Where things lie below the prefix: blobs at `blobs/ab/abcdef…`, what nobody needs at `aside/ab/abcdef…`, and what is being
 * written in parts, whose hash is not known before its end, at `incoming/WRITER/UUID`.
 */
import { createHash } from 'node:crypto'
import { DagbokError } from '../../../domain/errors/errors.ts'

const hashPattern = /^[0-9a-f]{64}$/

/** @throws DagbokError `not_found` for what is no hash */
function below(folder: string, hash: string): string {
  if (!hashPattern.test(hash)) throw new DagbokError('not_found', 'There is no such blob.')
  return `${folder}/${hash.slice(0, 2)}/${hash}`
}

export const blobs = 'blobs/'
export const aside = 'aside/'
export const incoming = 'incoming/'

export const blobPath = (hash: string): string => below('blobs', hash)
export const asidePath = (hash: string): string => below('aside', hash)

/** The folder of what this writer writes. */
export const incomingOf = (writer: string): string =>
  `${incoming}${createHash('sha256').update(writer).digest('hex').slice(0, 16)}/`

/** The hash in a key of ours; null: somebody else's thing lies there. */
export function hashIn(key: string): string | null {
  const name = key.slice(key.lastIndexOf('/') + 1)
  return hashPattern.test(name) ? name : null
}
