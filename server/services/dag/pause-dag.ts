import { insertAudit } from '#db/queries/audit.ts'
import { announce } from '#db/queries/live.ts'
import { setPaused } from '#db/queries/schedule.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from './address.ts'

/**
 * From now on neither the clock nor another DAG nor its webhook starts a run; people, pushes and backfills do, and runs
 * that are there go on. @throws DagbokError `not_found`, `forbidden`, `conflict`
 */
export async function pauseDag(ctx: ServiceContext, actor: Actor, ref: DagRef): Promise<void> {
  const dag = await requireDag(ctx, actor, ref, 'run:write')
  await ctx.db.transaction(async (tx) => {
    if (!(await setPaused(tx, dag.id, actor.userId, true)))
      throw new DagbokError('conflict', `${dag.name} is paused already.`)
    const { teamId, id: dagId } = dag
    await insertAudit(tx, { teamId, dagId, userId: actor.userId, verb: 'dag.pause', details: {} })
    await announce(tx, [`dag:${dagId}`])
  })
}
