import { z } from 'zod'
import { auditOfDag } from '#db/queries/audit.ts'
import { requireTeam } from '../../auth/permission.ts'
import { requireDag } from '../../services/dag/address.ts'
import { pauseDag } from '../../services/dag/pause-dag.ts'
import { resumeDag } from '../../services/dag/resume-dag.ts'
import { createWebhook } from '../../services/trigger/create-webhook.ts'
import { deleteWebhook } from '../../services/trigger/delete-webhook.ts'
import { listWebhooks } from '../../services/trigger/webhook.ts'
import { dagRefSchema } from '../../views/common.ts'
import { auditEntrySchema } from '../../views/audit.ts'
import { webhookSchema } from '../../views/dag.ts'
import { webContext } from '../../web-context.ts'
import { router, signedIn } from '../init.ts'

const at = '/dags/{team}/{repo}/{dag}' as const

/** What starts a DAG by itself. */
export const schedulesRouter = router({
  pause: signedIn
    .meta({ openapi: { method: 'POST', path: `${at}/pause`, summary: 'Let nothing start it by itself' } })
    .input(dagRefSchema)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await pauseDag(ctx.services, ctx.actor, input)
      return {}
    }),

  resume: signedIn
    .meta({ openapi: { method: 'POST', path: `${at}/resume`, summary: 'Let it start by itself again' } })
    .input(dagRefSchema)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await resumeDag(ctx.services, ctx.actor, input)
      return {}
    }),

  audit: signedIn
    .meta({ openapi: { method: 'GET', path: `${at}/audit`, summary: 'Who did what to it, newest first' } })
    .input(dagRefSchema)
    .output(z.array(auditEntrySchema))
    .query(async ({ ctx, input }) => {
      const dag = await requireDag(ctx.services, ctx.actor, input, 'run:read')
      return (await auditOfDag(ctx.services.db, dag.id, 100)).map((row) => ({
        ...row,
        createdAt: row.createdAt.toISOString(),
      }))
    }),

  webhooks: signedIn
    .meta({
      openapi: {
        method: 'GET',
        path: '/teams/{team}/webhooks',
        summary: 'Webhooks of its DAGs, without their secrets',
      },
    })
    .input(z.object({ team: z.string() }))
    .output(z.array(webhookSchema))
    .query(({ ctx, input }) =>
      listWebhooks(ctx.services, requireTeam(ctx.actor, input.team, 'repository:read').id),
    ),

  /** The secret is in this answer and nowhere else. */
  createWebhook: signedIn
    .meta({
      openapi: { method: 'POST', path: `${at}/webhook`, summary: 'Make its webhook, or a new secret for it' },
    })
    .input(dagRefSchema)
    .output(z.object({ url: z.string(), secret: z.string() }))
    .mutation(({ ctx, input }) => createWebhook(ctx.services, ctx.actor, input, webContext().sessionSecret)),

  deleteWebhook: signedIn
    .meta({ openapi: { method: 'DELETE', path: `${at}/webhook`, summary: 'Revoke its webhook' } })
    .input(dagRefSchema)
    .output(z.object({}))
    .mutation(async ({ ctx, input }) => {
      await deleteWebhook(ctx.services, ctx.actor, input)
      return {}
    }),
})
