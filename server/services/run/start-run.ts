import type { Queryable } from '#db/client.ts'
import { specOf, versionAtCommit, versionByNumber, type VersionKey } from '#db/queries/version.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { checkGiven } from './check-params.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'
import { createRun } from './create-run.ts'

const nullIfNotFound = (error: unknown): null => {
  if (error instanceof DagbokError && error.code === 'not_found') return null
  throw error
}

/** What a version is looked up with: within a transaction its own connection, since it must not wait for another one. */
export type VersionSource = Pick<ServiceContext, 'repositories'> & { db: Queryable }

/**
 * A version by `3`, `v3`, a branch, a tag or a commit that holds one; without a name that of the default branch's tip.
 * @throws DagbokError `not_found`, `bad_input`
 */
export async function resolveVersion(
  ctx: VersionSource,
  dag: DagRow,
  name: string | null,
): Promise<VersionKey> {
  if (name === null || name === '') {
    if (dag.versionId === null || dag.versionNumber === null)
      throw new DagbokError(
        'bad_input',
        `${dag.name} has no version at ${dag.defaultBranch ?? 'its default branch'}: its notebook has faults, or is gone from there. Name a version.`,
      )
    return { id: dag.versionId, number: dag.versionNumber }
  }
  const number = /^v?(\d{1,9})$/.exec(name)?.[1]
  const byNumber = number === undefined ? null : await versionByNumber(ctx.db, dag.id, Number(number))
  if (byNumber !== null) return byNumber
  const sha = await ctx.repositories.resolve(dag.repositoryId, name).catch(nullIfNotFound)
  const atCommit = sha === null ? null : await versionAtCommit(ctx.db, dag.id, sha)
  if (atCommit !== null) return atCommit
  throw new DagbokError(
    'not_found',
    `${dag.name} has no version '${name}': give a number (v3), a branch, a tag or a commit.`,
  )
}

export interface StartRun {
  ref: DagRef
  version: string | null
  params: Record<string, Json>
  /** Starts whatever the DAG's run strategy says. */
  force: boolean
}

/** @throws DagbokError `not_found`, `forbidden`, `bad_input` */
export async function startRun(
  ctx: ServiceContext,
  actor: Actor,
  given: StartRun,
): Promise<{ id: string; number: number }> {
  const dag = await requireDag(ctx, actor, given.ref, 'run:write')
  const version = await resolveVersion(ctx, dag, given.version)
  const spec = await specOf(ctx.db, version.id)
  if (spec === null) throw new DagbokError('not_found', 'There is no such version.')
  const params = checkGiven(paramsSchema(spec), given.params)
  return ctx.db.transaction((tx) =>
    createRun(tx, {
      dagId: dag.id,
      versionId: version.id,
      spec,
      trigger: actor.via === 'session' ? 'manual' : 'api',
      triggeredBy: actor.userId,
      params,
      forced: given.force,
    }),
  )
}
