/** Texts of a commit's notebooks, read from git. */
import { DagbokError } from '../../domain/errors/errors.ts'
import { isProgram } from '../../domain/notebook/program.ts'
import { isNotebook } from '../../domain/version/bundle.ts'
import type { Quarantine } from '../../git/run-git.ts'
import { bytesOf, type TreeEntry } from '../../git/tree.ts'
import type { ServiceContext } from '../context.ts'

/** Bytes of one notebook that are read at all, and of all of a commit; the compiler refuses long before. */
const longest = { one: 16 * 2 ** 20, all: 256 * 2 ** 20 }

/** Texts of a commit's notebooks by path, programs apart; one that is too long has none. @throws DagbokError `too_large`, `unavailable` */
export async function notebookTexts(
  ctx: ServiceContext,
  repositoryId: string,
  entries: readonly TreeEntry[],
  quarantine: Quarantine | null = null,
): Promise<Map<string, string>> {
  const notebooks = entries.filter(
    (entry) =>
      isNotebook(entry.path) && !isProgram(entry.path) && entry.kind === 'blob' && entry.size <= longest.one,
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
  return new Map(notebooks.map((entry) => [entry.path, bytesOf(blobs, entry).toString('utf8')]))
}
