import { insertAudit } from '#db/queries/audit.ts'
import { announce, wakeScheduler } from '#db/queries/live.ts'
import { requestCancel } from '#db/queries/run-state.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireRun } from './read-run.ts'

/** Asks for the end of a run. @throws DagbokError `not_found`, `forbidden`, `conflict` when it has ended */
export async function cancelRun(ctx: ServiceContext, actor: Actor, id: string): Promise<void> {
  const row = await requireRun(ctx, actor, id, 'run:write')
  await ctx.db.transaction(async (tx) => {
    if (!(await requestCancel(tx, row.id, actor.userId)))
      throw new DagbokError('conflict', `Run ${row.number} has ended already: ${row.state}.`)
    await insertAudit(tx, {
      teamId: row.teamId,
      dagId: row.dagId,
      userId: actor.userId,
      verb: 'run.cancel',
      details: { run: row.number },
    })
    await announce(tx, [`run:${row.id}`, `dag:${row.dagId}`])
    await wakeScheduler(tx)
  })
}
