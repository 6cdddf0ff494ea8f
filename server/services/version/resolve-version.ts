/** What a version is called: `3`, `v3`, a branch, a tag, a commit, tried in this order. */
import type { Queryable } from '#db/client.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { versionAtCommit, versionByNumber, type VersionKey } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { ServiceContext } from '../context.ts'
import { versionCommit } from './version-commit.ts'

/** What a version is looked up with: within a transaction its own connection, since it must not wait for another one. */
export type VersionSource = Pick<ServiceContext, 'repositories'> & { db: Queryable }

const nullIfNotFound = (error: unknown): null => {
  if (error instanceof DagbokError && error.code === 'not_found') return null
  throw error
}

/** The version, or the commit that is named where none is known of it. */
async function lookUp(
  source: VersionSource,
  dag: DagRow,
  name: string,
): Promise<{ version: VersionKey | null; sha: string | null }> {
  const number = /^v?(\d{1,9})$/.exec(name)?.[1]
  const byNumber = number === undefined ? null : await versionByNumber(source.db, dag.id, Number(number))
  if (byNumber !== null) return { version: byNumber, sha: null }
  const sha = await source.repositories.resolve(dag.repositoryId, name).catch(nullIfNotFound)
  return { version: sha === null ? null : await versionAtCommit(source.db, dag.id, sha), sha }
}

/** Of the versions that are known the one that `name` names; null when it names none. */
export const knownVersion = async (
  source: VersionSource,
  dag: DagRow,
  name: string,
): Promise<VersionKey | null> => (await lookUp(source, dag, name)).version

function versionAtDefault(dag: DagRow): VersionKey {
  if (dag.versionId === null || dag.versionNumber === null)
    throw new DagbokError(
      'bad_input',
      `${dag.name} has no version at ${dag.defaultBranch ?? 'its default branch'}: its notebook has faults, or is gone from there. Name a version.`,
    )
  return { id: dag.versionId, number: dag.versionNumber }
}

const none = (dag: DagRow, name: string, more = '') =>
  new DagbokError(
    'not_found',
    `${dag.name} has no version '${name}': give a number (v3), a branch, a tag or a commit.${more}`,
  )

/**
 * A version by `3`, `v3`, a branch, a tag or a commit that holds one; without a name that of the default branch's tip.
 * Nothing is made: for those who may only read.
 * @throws DagbokError `not_found`, `bad_input`
 */
export async function readVersion(
  source: VersionSource,
  dag: DagRow,
  name: string | null,
): Promise<VersionKey> {
  if (name === null || name === '') return versionAtDefault(dag)
  const found = await knownVersion(source, dag, name)
  if (found === null)
    throw none(dag, name, ' A commit of a branch or a tag gets its version when a run of it is started.')
  return found
}

/**
 * The same for those who may start runs: a commit of a branch or a tag that has no version yet gets one, for which a
 * program may be run.
 * @throws DagbokError `not_found`, `bad_input`
 */
export async function resolveVersion(
  ctx: ServiceContext,
  dag: DagRow,
  name: string | null,
): Promise<VersionKey> {
  if (name === null || name === '') return versionAtDefault(dag)
  const { version, sha } = await lookUp(ctx, dag, name)
  const found = version ?? (sha === null ? null : await versionCommit(ctx, dag, sha))
  if (found === null) throw none(dag, name)
  return found
}
