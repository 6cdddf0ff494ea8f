import { randomBytes } from 'node:crypto'
import { insertAudit } from '#db/queries/audit.ts'
import { announce } from '#db/queries/live.ts'
import { saveWebhook } from '#db/queries/webhook.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'
import { hookUrl, webhookSecret } from './webhook.ts'

/** Makes a DAG's webhook, or a new secret for it. The secret is in this answer and nowhere else. @throws `not_found`, `forbidden` */
export async function createWebhook(
  ctx: ServiceContext,
  actor: Actor,
  ref: DagRef,
  serverSecret: string,
): Promise<{ url: string; secret: string }> {
  const dag = await requireDag(ctx, actor, ref, 'repository:write')
  const salt = randomBytes(32).toString('base64url')
  await ctx.db.transaction(async (tx) => {
    const { teamId, id: dagId } = dag
    await saveWebhook(tx, dagId, salt, actor.userId)
    await insertAudit(tx, { teamId, dagId, userId: actor.userId, verb: 'webhook.create', details: {} })
    await announce(tx, [`dag:${dagId}`])
  })
  return { url: hookUrl(ctx, dag), secret: webhookSecret(serverSecret, dag.id, salt) }
}
