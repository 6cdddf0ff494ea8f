import { logChunks } from '#db/queries/log.ts'
import { holds, saysError, searchLines, type LogMatches } from '../../storage/logs/log-search.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireAttempt } from './read-log.ts'

export interface LogSearch {
  attemptId: string
  /** null looks for what programs call a failure. */
  text: string | null
  matchCase: boolean
}

/** @throws DagbokError `not_found` */
export async function searchLog(ctx: ServiceContext, actor: Actor, given: LogSearch): Promise<LogMatches> {
  await requireAttempt(ctx, actor, given.attemptId)
  const test = given.text === null ? saysError : holds(given.text, given.matchCase)
  return searchLines(ctx.artifacts, await logChunks(ctx.db, given.attemptId), test)
}
