/** A commit's files and their bytes. */
import { DagbokError } from '../domain/errors/errors.ts'
import type { BundleEntry } from '../domain/version/bundle.ts'
import { isSha, runGit, type Quarantine } from './run-git.ts'

export interface TreeEntry extends BundleEntry {
  /** Bytes; 0 for a submodule. */
  size: number
  kind: 'blob' | 'commit'
}

/** Bytes of a list of files: more than the 100,000 files of a push take. */
const mostList = 32 * 2 ** 20

/** Every file of a commit, in order of path. @throws DagbokError `not_found`; `too_large` when the list is */
export async function listTree(
  repository: string,
  sha: string,
  quarantine: Quarantine | null = null,
): Promise<TreeEntry[]> {
  if (!isSha(sha)) throw new DagbokError('not_found', 'There is no such commit.')
  const text = (
    await runGit({
      repository,
      quarantine,
      args: ['ls-tree', '-r', '-z', '-l', '--full-tree', sha],
      most: mostList,
    })
  ).toString('utf8')
  return text
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => {
      const tab = line.indexOf('\t')
      const [mode = '', kind = '', blob = '', size = ''] = line.slice(0, tab).split(/ +/)
      return {
        path: line.slice(tab + 1),
        mode,
        blob,
        kind: kind === 'commit' ? 'commit' : 'blob',
        size: Number(size) || 0,
      }
    })
}

/**
 * The bytes of a file among those that were read. One that is not there is never an empty one: the objects of a push go
 * with it when it is ended.
 * @throws DagbokError `unavailable`
 */
export function bytesOf<T>(read: ReadonlyMap<string, T>, { path, blob }: Omit<BundleEntry, 'mode'>): T {
  const bytes = read.get(blob)
  if (bytes === undefined)
    throw new DagbokError('unavailable', `The bytes of ${path} are not in the repository.`)
  return bytes
}

/** Bytes of each blob that is there. */
export async function blobSizes(
  repository: string,
  blobs: readonly string[],
  quarantine: Quarantine | null = null,
): Promise<Map<string, number>> {
  const wanted = [...new Set(blobs)].filter(isSha)
  if (wanted.length === 0) return new Map()
  const text = await runGit({
    repository,
    quarantine,
    args: ['cat-file', '--batch-check=%(objectname) %(objectsize)'],
    input: `${wanted.join('\n')}\n`,
  })
  const lines = text.toString().trim().split('\n')
  return new Map(
    lines.flatMap((line): [string, number][] => {
      const [id = '', size = ''] = line.split(' ')
      return /^\d+$/.test(size) ? [[id, Number(size)]] : []
    }),
  )
}

/** Blobs by id, read by one git process; those of more than `largest` bytes are left out. The others' bytes are held. */
export async function readBlobs(
  repository: string,
  blobs: readonly string[],
  quarantine: Quarantine | null = null,
  largest = Infinity,
): Promise<Map<string, Buffer>> {
  const out = new Map<string, Buffer>()
  const sizes = largest === Infinity ? null : await blobSizes(repository, blobs, quarantine)
  const wanted = [...new Set(blobs)].filter(
    (id) => isSha(id) && (sizes === null || (sizes.get(id) ?? 0) <= largest),
  )
  if (wanted.length === 0) return out
  const bytes = await runGit({
    repository,
    quarantine,
    args: ['cat-file', '--batch'],
    input: `${wanted.join('\n')}\n`,
  })
  for (let at = 0; at < bytes.length;) {
    const end = bytes.indexOf(10, at)
    const [id = '', kind, size] = bytes.subarray(at, end).toString().split(' ')
    if (kind === 'missing') {
      at = end + 1
      continue
    }
    const start = end + 1
    out.set(id, bytes.subarray(start, start + Number(size)))
    at = start + Number(size) + 1
  }
  return out
}
