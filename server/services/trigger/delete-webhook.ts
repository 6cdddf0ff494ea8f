import { insertAudit } from '#db/queries/audit.ts'
import { announce } from '#db/queries/live.ts'
import { deleteWebhook as remove } from '#db/queries/webhook.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'

/** Its secret is good for nothing from now on. @throws DagbokError `not_found`, `forbidden` */
export async function deleteWebhook(ctx: ServiceContext, actor: Actor, ref: DagRef): Promise<void> {
  const dag = await requireDag(ctx, actor, ref, 'repository:write')
  await ctx.db.transaction(async (tx) => {
    const { teamId, id: dagId } = dag
    if (!(await remove(tx, dagId))) throw new DagbokError('not_found', `${dag.name} has no webhook.`)
    await insertAudit(tx, { teamId, dagId, userId: actor.userId, verb: 'webhook.delete', details: {} })
    await announce(tx, [`dag:${dagId}`])
  })
}
