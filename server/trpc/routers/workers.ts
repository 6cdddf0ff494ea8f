/** Workers of a team's pool, and the tokens they come with. */
import { z } from 'zod'
import { workersOf, workerTokensOf } from '#db/queries/worker.ts'
import { requireTeam } from '../../auth/permission.ts'
import { clusterOfWarmQueue } from '../../domain/run/deployment.ts'
import { createWorkerToken, revokeWorkerToken } from '../../services/worker/worker-tokens.ts'
import { workerTokenViewSchema, workerViewSchema } from '../../views/worker.ts'
import { router, signedIn } from '../init.ts'

const team = z.object({ team: z.string() })

export const workersRouter = router({
  list: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/teams/{team}/workers',
        summary: 'Workers of the pool that are there',
      },
    })
    .input(team)
    .output(z.array(workerViewSchema))
    .query(async ({ ctx, input }) => {
      const { id } = requireTeam(ctx.actor, input.team, 'worker:read')
      return (await workersOf(ctx.services.db, id)).map((row) => ({
        ...row,
        // That of an image is a hash, and its token is called by the image.
        queues: row.queues.map((queue) => (clusterOfWarmQueue(queue) === null ? queue : row.token)),
        startedAt: row.startedAt.toISOString(),
        heartbeatAt: row.heartbeatAt.toISOString(),
      }))
    }),

  tokens: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/teams/{team}/worker-tokens',
        summary: 'Tokens of workers, without their secrets',
      },
    })
    .input(team)
    .output(z.array(workerTokenViewSchema))
    .query(async ({ ctx, input }) => {
      const { id } = requireTeam(ctx.actor, input.team, 'worker:read')
      return (await workerTokensOf(ctx.services.db, id)).map((row) => ({
        ...row,
        createdAt: row.createdAt.toISOString(),
      }))
    }),

  /** The secret is in this answer and nowhere else. */
  createToken: signedIn
    .meta({
      openapi: {
        method: 'POST',
        path: '/teams/{team}/worker-tokens',
        summary: 'Make a token for workers of the pool: it opens nothing else',
      },
    })
    .input(team.extend({ name: z.string() }).strict())
    .output(z.object({ id: z.uuid(), secret: z.string() }))
    .mutation(({ ctx, input }) => {
      const { id: teamId } = requireTeam(ctx.actor, input.team, 'worker:write')
      return createWorkerToken(ctx.services.db, { teamId, createdBy: ctx.actor.userId, name: input.name })
    }),

  revokeToken: signedIn
    .meta({
      openapi: {
        method: 'DELETE',
        path: '/teams/{team}/worker-tokens/{id}',
        summary: 'Revoke a token of workers',
      },
    })
    .input(team.extend({ id: z.uuid() }))
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      const { id: teamId } = requireTeam(ctx.actor, input.team, 'worker:write')
      await revokeWorkerToken(ctx.services.db, { teamId, userId: ctx.actor.userId, id: input.id })
      return {}
    }),
})
