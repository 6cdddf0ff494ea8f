/** What `/git/` does for whom: the use cases behind smart HTTP. */
import type { GitHttp } from '../../git/http.ts'
import type { ServiceContext } from '../context.ts'
import { openRepository } from '../repository/open.ts'
import { authenticateToken } from '../token/tokens.ts'
import { reconcile } from '../version/reconcile.ts'
import { answerHook } from './answer-hook.ts'

export const gitEndpoint = (ctx: ServiceContext): GitHttp => ({
  authenticate: (token) => authenticateToken(ctx.db, token),
  open: async (actor, team, name, write) => {
    const { id } = await openRepository(ctx, actor, team, name, write)
    return { repositoryId: id, path: ctx.repositories.path(id) }
  },
  hook: (actor, target, call) => answerHook(ctx, actor, target.repositoryId, call),
  cutOff: async ({ repositoryId }) => {
    await ctx.repositories.sweep(repositoryId)
    await reconcile(ctx, repositoryId)
  },
  report: (error) => ctx.log.error({ err: error }, 'a git request failed'),
})
