/** Tips of refs are versioned as they are pushed; what lies between them, when somebody wants to run it. */
import { announce } from '#db/queries/live.ts'
import { lockRepository } from '#db/queries/repository.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { knownRefs, versionAtCommit, type VersionKey } from '#db/queries/version.ts'
import type { ServiceContext } from '../context.ts'
import { requireRoom } from '../require-room.ts'
import { keptTexts } from '../program/printed-texts.ts'
import { readSnapshot } from './read-snapshot.ts'
import { afterPrograms, versionOf, type VersionWork } from './reconcile.ts'

/**
 * The version of a DAG that a commit holds, made if there is none; null when it holds none that can be run. A commit that
 * no branch or tag has in its history is nobody's any more, or was never accepted: it holds none.
 * @throws DagbokError `unavailable` while a disk is full
 */
export async function versionCommit(
  ctx: ServiceContext,
  dag: DagRow,
  sha: string,
): Promise<VersionKey | null> {
  await requireRoom(ctx)
  return afterPrograms(ctx, () =>
    ctx.db.transaction(async (tx) => {
      const repository = await lockRepository(tx, dag.repositoryId)
      if (repository === null) return null
      // Its push, or somebody else who asked, may have been at it until the lock was free.
      const known = await versionAtCommit(tx, dag.id, sha)
      if (known !== null) return known
      // All that a tip holds is known.
      if ([...(await knownRefs(tx, repository.id)).values()].includes(sha)) return null
      if (!(await ctx.repositories.isReachable(repository.id, sha))) return null
      const entries = await ctx.repositories.tree(repository.id, sha)
      const dags = await readSnapshot(ctx, repository.id, entries, {
        q: tx,
        printed: (_, source) => keptTexts(tx, source),
      })
      const found = dags.find((one) => one.id === dag.name)
      if (found === undefined) return null
      const work: VersionWork = { ctx, tx, repository, topics: [] }
      const { versionId, number } = await versionOf(work, sha, sha, found)
      if (work.topics.length > 0) await announce(tx, work.topics)
      return versionId === null || number === null ? null : { id: versionId, number }
    }),
  )
}
