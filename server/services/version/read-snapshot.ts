/** A commit as DAGs, read from git. */
import type { Queryable } from '#db/client.ts'
import type { SnapshotDag } from '../../domain/version/snapshot.ts'
import type { Printed, Text } from '../../domain/notebook/program.ts'
import type { BundleEntry } from '../../domain/version/bundle.ts'
import type { Quarantine } from '../../git/run-git.ts'
import type { TreeEntry } from '../../git/tree.ts'
import type { ServiceContext } from '../context.ts'
import { runPrograms, type ProgramSource } from '../program/printed-texts.ts'
import { notebookTexts } from './notebook-texts.ts'
import { withUsedCommits } from './used-commits.ts'

/** What programs of a commit have printed, or are made to print now. */
type PrintedTexts = (ctx: ServiceContext, source: ProgramSource) => Promise<Map<string, Printed>>

/** Before a push is accepted: programs are run, those that failed before, too. @throws DagbokError `unavailable` */
export const runForPush: PrintedTexts = (ctx, source) => runPrograms(ctx, source, true)

export interface HowRead {
  /** The connection that asks which repositories there are: whoever holds a transaction asks by no other. */
  q: Queryable
  /** How it is known what programs print. */
  printed: PrintedTexts
  /** Of a push that is not accepted yet. */
  quarantine?: Quarantine | null
}

/**
 * @param entries the commit's tree
 * @throws DagbokError `too_large`; `unavailable` when bytes of it are gone meanwhile
 */
export async function readSnapshot(
  ctx: ServiceContext,
  repositoryId: string,
  entries: readonly TreeEntry[],
  { q, printed, quarantine = null }: HowRead,
): Promise<SnapshotDag[]> {
  const notebooks: Map<string, Text> = await notebookTexts(ctx, repositoryId, entries, quarantine)
  const files = filesIn(entries)
  for (const [path, text] of await printed(ctx, { repositoryId, entries: files, quarantine }))
    notebooks.set(path, text)
  return ctx.compiler.commit(
    await withUsedCommits(ctx, q, { repositoryId, entries: files, notebooks, quarantine }),
  )
}

/** The files of a tree. */
export const filesIn = (entries: readonly TreeEntry[]): BundleEntry[] =>
  entries.filter((entry) => entry.kind === 'blob').map(({ path, mode, blob }) => ({ path, mode, blob }))
