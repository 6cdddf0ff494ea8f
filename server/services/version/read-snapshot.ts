/** A commit as DAGs, read from git. */
import type { SnapshotDag } from '../../domain/version/snapshot.ts'
import { isNotebook } from '../../domain/version/bundle.ts'
import type { Quarantine } from '../../git/run-git.ts'
import type { TreeEntry } from '../../git/tree.ts'
import type { ServiceContext } from '../context.ts'

/** Bytes of one notebook that are read at all; the compiler refuses long before. */
const longest = 16 * 2 ** 20

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
  return { entries, dags: await ctx.compiler.commit({ entries: files, notebooks: texts }) }
}
