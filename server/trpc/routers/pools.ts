/** Pools of a team: slots that tasks of any DAG share. */
import { z } from 'zod'
import { poolsOf } from '#db/queries/pool.ts'
import { requireTeam } from '../../auth/permission.ts'
import { namePattern } from '../../domain/notebook/keys/key.ts'
import { deletePool } from '../../services/pool/delete-pool.ts'
import { savePool } from '../../services/pool/save-pool.ts'
import { poolSchema } from '../../views/pool.ts'
import { router, signedIn } from '../init.ts'

const team = z.object({ team: z.string() })
const named = team.extend({
  name: z.string().regex(new RegExp(namePattern), 'a to z, 0 to 9, _ and -, a letter first'),
})

export const poolsRouter = router({
  list: signedIn
    .meta({
      openapi: { method: 'GET', path: '/teams/{team}/pools', summary: 'Pools, with what is used and wanted' },
    })
    .input(team)
    .output(z.array(poolSchema))
    .query(({ ctx, input }) => poolsOf(ctx.services.db, requireTeam(ctx.actor, input.team, 'pool:read').id)),

  save: signedIn
    .meta({
      openapi: {
        method: 'PUT',
        path: '/teams/{team}/pools/{name}',
        summary: 'Make a pool, or change its slots',
      },
    })
    .input(named.extend({ slots: z.number().int().min(0).max(1_000_000) }))
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await savePool(ctx.services, ctx.actor, input)
      return {}
    }),

  remove: signedIn
    .meta({ openapi: { method: 'DELETE', path: '/teams/{team}/pools/{name}', summary: 'Remove a pool' } })
    .input(named)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await deletePool(ctx.services, ctx.actor, input)
      return {}
    }),
})
