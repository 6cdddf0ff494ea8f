import { logChunks } from '#db/queries/log.ts'
import { attemptOwner } from '#db/queries/run-view.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { readLines } from '../../storage/logs/log-reader.ts'
import type { LogPage } from '../../views/run.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'

/** @throws DagbokError `not_found` also when it is another team's */
export async function requireAttempt(ctx: ServiceContext, actor: Actor, attemptId: string) {
  const owner = await attemptOwner(ctx.db, attemptId)
  if (owner === null || !actor.teams.some((team) => team.id === owner.teamId))
    throw new DagbokError('not_found', 'There is no such attempt.')
  return owner
}

/** @param from first line, 0-based; negative counts from the end */
export async function readLogPage(
  ctx: ServiceContext,
  actor: Actor,
  attemptId: string,
  from: number,
  count: number,
): Promise<LogPage> {
  // Asked before the chunks: an end that is seen has all of them.
  const { ended } = await requireAttempt(ctx, actor, attemptId)
  const page = await readLines(ctx.artifacts, await logChunks(ctx.db, attemptId), from, count)
  return { ...page, end: ended && page.firstLine + page.lines.length >= page.totalLines }
}
