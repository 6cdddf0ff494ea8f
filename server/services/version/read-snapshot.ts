/** A commit as DAGs, read from git. */
import type { SnapshotDag } from '../../domain/version/snapshot.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { isNotebook } from '../../domain/version/bundle.ts'
import type { Quarantine } from '../../git/run-git.ts'
import type { TreeEntry } from '../../git/tree.ts'
import type { ServiceContext } from '../context.ts'

/** Bytes of one notebook that are read at all, and of all of a commit; the compiler refuses long before. */
const longest = { one: 16 * 2 ** 20, all: 256 * 2 ** 20 }

/** Texts of a commit's notebooks by path; one that is too long has none. @throws DagbokError `too_large` */
export async function notebookTexts(
  ctx: ServiceContext,
  repositoryId: string,
  entries: readonly TreeEntry[],
  quarantine: Quarantine | null = null,
): Promise<Map<string, string>> {
  const notebooks = entries.filter(
    (entry) => isNotebook(entry.path) && entry.kind === 'blob' && entry.size <= longest.one,
  )
  const bytes = notebooks.reduce((sum, { size }) => sum + size, 0)
  if (bytes > longest.all)
    throw new DagbokError(
      'too_large',
      `The notebooks of this commit have ${bytes} bytes together, more than the ${longest.all} that are taken.`,
    )
  const blobs = await ctx.repositories.blobs(
    repositoryId,
    notebooks.map((entry) => entry.blob),
    quarantine,
  )
  return new Map(notebooks.map((entry) => [entry.path, blobs.get(entry.blob)?.toString('utf8') ?? '']))
}

export interface CommitSnapshot {
  entries: TreeEntry[]
  dags: SnapshotDag[]
}

/** @throws DagbokError `not_found` when there is no such commit; `too_large` */
export async function readSnapshot(
  ctx: ServiceContext,
  repositoryId: string,
  sha: string,
  quarantine: Quarantine | null = null,
): Promise<CommitSnapshot> {
  const entries = await ctx.repositories.tree(repositoryId, sha, quarantine)
  const texts = await notebookTexts(ctx, repositoryId, entries, quarantine)
  const files = entries
    .filter((entry) => entry.kind === 'blob')
    .map(({ path, mode, blob }) => ({ path, mode, blob }))
  return { entries, dags: await ctx.compiler.commit({ entries: files, notebooks: texts }) }
}
