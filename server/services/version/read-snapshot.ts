/** A commit as DAGs, read from git. */
import type { SnapshotDag } from '../../domain/version/snapshot.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { isProgram, type Printed, type Text } from '../../domain/notebook/program.ts'
import { isNotebook, type BundleEntry } from '../../domain/version/bundle.ts'
import type { Quarantine } from '../../git/run-git.ts'
import { bytesOf, type TreeEntry } from '../../git/tree.ts'
import type { ServiceContext } from '../context.ts'
import { runPrograms, type ProgramSource } from '../program/printed-texts.ts'

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

/** What programs of a commit have printed, or are made to print now. */
type PrintedTexts = (ctx: ServiceContext, source: ProgramSource) => Promise<Map<string, Printed>>

/** Before a push is accepted: programs are run, those that failed before, too. @throws DagbokError `unavailable` */
export const runForPush: PrintedTexts = (ctx, source) => runPrograms(ctx, source, true)

/**
 * @param entries the commit's tree
 * @param printed how it is known what programs print
 * @throws DagbokError `too_large`; `unavailable` when bytes of it are gone meanwhile
 */
export async function readSnapshot(
  ctx: ServiceContext,
  repositoryId: string,
  entries: readonly TreeEntry[],
  printed: PrintedTexts,
  quarantine: Quarantine | null = null,
): Promise<SnapshotDag[]> {
  const texts: Map<string, Text> = await notebookTexts(ctx, repositoryId, entries, quarantine)
  const files = filesIn(entries)
  for (const [path, text] of await printed(ctx, { repositoryId, entries: files, quarantine }))
    texts.set(path, text)
  return ctx.compiler.commit({ entries: files, notebooks: texts })
}

/** The files of a tree. */
export const filesIn = (entries: readonly TreeEntry[]): BundleEntry[] =>
  entries.filter((entry) => entry.kind === 'blob').map(({ path, mode, blob }) => ({ path, mode, blob }))
