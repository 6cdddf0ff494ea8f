/** Secrets of a team: what they are is told to nobody. */
import { z } from 'zod'
import { secretsOf } from '#db/queries/secret.ts'
import { requireTeam } from '../../auth/permission.ts'
import { deleteSecret } from '../../services/secret/delete-secret.ts'
import { setSecret } from '../../services/secret/set-secret.ts'
import { secretViewSchema } from '../../views/secret.ts'
import { router, signedIn } from '../init.ts'

const team = z.object({ team: z.string() })
const named = team.extend({ name: z.string() })

export const secretsRouter = router({
  list: signedIn
    .meta({
      openapi: { method: 'GET', path: '/teams/{team}/secrets', summary: 'Secrets, without their values' },
    })
    .input(team)
    .output(z.array(secretViewSchema))
    .query(async ({ ctx, input }) => {
      const { id } = requireTeam(ctx.actor, input.team, 'secret:read')
      return (await secretsOf(ctx.services.db, id)).map(({ setAt, sealed, ...row }) => ({
        ...row,
        setAt: setAt.toISOString(),
        readable: ctx.services.secrets.isOwn(sealed),
      }))
    }),

  set: signedIn
    .meta({
      openapi: {
        method: 'PUT',
        path: '/teams/{team}/secrets/{name}',
        summary: 'Make a secret, or give it another value: nobody can read it afterwards',
      },
    })
    .input(named.extend({ value: z.string() }))
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await setSecret(ctx.services, ctx.actor, input)
      return {}
    }),

  remove: signedIn
    .meta({ openapi: { method: 'DELETE', path: '/teams/{team}/secrets/{name}', summary: 'Delete a secret' } })
    .input(named)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await deleteSecret(ctx.services, ctx.actor, input)
      return {}
    }),
})
