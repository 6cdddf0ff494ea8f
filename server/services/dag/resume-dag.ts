import { insertAudit } from '#db/queries/audit.ts'
import { announce, wakeEnqueuers } from '#db/queries/live.ts'
import { setPaused } from '#db/queries/schedule.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from './address.ts'

/**
 * Lets a DAG start by itself again. What its schedules missed is as after a downtime: all of it with `catchup`, else the
 * newest. What other DAGs did meanwhile starts nothing. @throws DagbokError `not_found`, `forbidden`, `conflict`
 */
export async function resumeDag(ctx: ServiceContext, actor: Actor, ref: DagRef): Promise<void> {
  const dag = await requireDag(ctx, actor, ref, 'run:write')
  await ctx.db.transaction(async (tx) => {
    if (!(await setPaused(tx, dag.id, actor.userId, false)))
      throw new DagbokError('conflict', `${dag.name} is not paused.`)
    const { teamId, id: dagId } = dag
    await insertAudit(tx, { teamId, dagId, userId: actor.userId, verb: 'dag.resume', details: {} })
    await announce(tx, [`dag:${dagId}`])
    await wakeEnqueuers(tx, 'schedule')
  })
}
