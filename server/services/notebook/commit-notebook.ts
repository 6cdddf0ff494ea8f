import { findDagRow } from '#db/queries/dag-view.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { commitFile, moveBranch } from '../../git/commit-file.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'
import { checkPush } from '../push/check.ts'
import { requireRoom } from '../require-room.ts'
import { reconcile } from '../version/reconcile.ts'

export interface CommitNotebook {
  ref: DagRef
  /** The commit that the text was edited from. */
  base: string
  text: string
  message: string
}

/**
 * Commits a notebook's text to the default branch: the same checks as a push, and all or nothing (R10).
 * @throws DagbokError `conflict` when the branch has moved, `bad_input` with every fault, `unavailable` while a disk is full
 */
export async function commitNotebook(
  ctx: ServiceContext,
  actor: Actor,
  given: CommitNotebook,
): Promise<{ sha: string; version: number | null }> {
  const dag = await requireDag(ctx, actor, given.ref, 'repository:write')
  if (dag.path === null || dag.defaultBranch === null)
    throw new DagbokError('not_found', `${dag.name} is not at its repository's default branch any more.`)
  if (given.message.trim() === '')
    throw new DagbokError('bad_input', 'Say in a few words what changed: the commit needs a message.')
  const ref = `refs/heads/${dag.defaultBranch}`
  const tip = (await ctx.repositories.refs(dag.repositoryId)).get(ref)
  if (tip !== given.base)
    throw new DagbokError(
      'conflict',
      `${dag.defaultBranch} has moved since you began: reload to see its new commit, your text is kept here.`,
    )
  await requireRoom(ctx)
  const folder = ctx.repositories.path(dag.repositoryId)
  const sha = await commitFile(folder, {
    parent: given.base,
    path: dag.path,
    text: given.text,
    message: given.message,
    author: { name: actor.name, email: actor.email },
  })
  const update = { oldSha: given.base, newSha: sha, ref }
  const answer = await checkPush(ctx, actor, dag.repositoryId, {
    hook: 'pre-receive',
    quarantine: null,
    options: [],
    updates: [update],
  })
  if (!answer.accepted)
    throw new DagbokError('bad_input', answer.lines.map((line) => line.replace(/^error: /, '')).join('\n'))
  if (!(await moveBranch(folder, ref, given.base, sha)))
    throw new DagbokError(
      'conflict',
      `${dag.defaultBranch} has moved meanwhile: reload, your text is kept here.`,
    )
  await reconcile(ctx, dag.repositoryId)
  const now = await findDagRow(ctx.db, dag.teamId, dag.repo, dag.name)
  return { sha, version: now?.versionNumber ?? null }
}
