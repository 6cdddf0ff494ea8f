/** A commit as DAGs, read from git; what was compiled before is not compiled again. */
import { createHash } from 'node:crypto'
import { snapshot, type CompileCache, type SnapshotDag } from '../../domain/version/snapshot.ts'
import { isNotebook } from '../../domain/version/bundle.ts'
import type { Quarantine } from '../../git/run-git.ts'
import type { TreeEntry } from '../../git/tree.ts'
import type { ServiceContext } from '../context.ts'

/** How many compiled bundles are kept: a push compiles in its hook what the reconciler asks for next. */
const kept = 500
/** Bytes of one notebook that are read at all; the compiler refuses long before. */
const longest = 16 * 2 ** 20

const compiled = new Map<string, Parameters<CompileCache['set']>[1]>()
const cache: CompileCache = {
  get: (hash) => compiled.get(hash),
  set: (hash, value) => {
    const [oldest] = compiled.keys()
    if (compiled.size >= kept && oldest !== undefined) compiled.delete(oldest)
    compiled.set(hash, value)
  },
}

export const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

export interface CommitSnapshot {
  entries: TreeEntry[]
  dags: SnapshotDag[]
}

/** @throws DagbokError `not_found` when there is no such commit */
export async function readSnapshot(
  ctx: ServiceContext,
  repositoryId: string,
  sha: string,
  quarantine: Quarantine | null = null,
): Promise<CommitSnapshot> {
  const entries = await ctx.repositories.tree(repositoryId, sha, quarantine)
  const notebooks = entries.filter(
    (entry) => isNotebook(entry.path) && entry.kind === 'blob' && entry.size <= longest,
  )
  const blobs = await ctx.repositories.blobs(
    repositoryId,
    notebooks.map((entry) => entry.blob),
    quarantine,
  )
  const texts = new Map(notebooks.map((entry) => [entry.path, blobs.get(entry.blob)?.toString('utf8') ?? '']))
  const files = entries
    .filter((entry) => entry.kind === 'blob')
    .map(({ path, mode, blob }) => ({ path, mode, blob }))
  return { entries, dags: snapshot({ entries: files, notebooks: texts, sha256, cache }) }
}
