/** Who did what in a team. */
import { z } from 'zod'
import { auditOfTeam } from '#db/queries/audit.ts'
import { requireTeam } from '../../auth/permission.ts'
import { teamAuditEntrySchema } from '../../views/audit.ts'
import { router, signedIn } from '../init.ts'

export const auditRouter = router({
  list: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/teams/{team}/audit',
        summary: 'Who did what in a team, newest first',
      },
    })
    .input(z.object({ team: z.string() }))
    .output(z.array(teamAuditEntrySchema))
    .query(async ({ ctx, input }) => {
      const { id } = requireTeam(ctx.actor, input.team, 'team:read')
      return (await auditOfTeam(ctx.services.db, id, 200)).map(({ repo, dag, createdAt, ...row }) => ({
        ...row,
        dag: repo === null || dag === null ? null : { repo, dag },
        createdAt: createdAt.toISOString(),
      }))
    }),
})
