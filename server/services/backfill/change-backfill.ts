/** What pausing, resuming and cancelling a backfill share. */
import type { Queryable } from '#db/client.ts'
import { insertAudit } from '#db/queries/audit.ts'
import { moveBackfill, type BackfillRow } from '#db/queries/backfill.ts'
import { announce, wakeEnqueuers } from '#db/queries/live.ts'
import type { BackfillState } from '../../domain/schedule/backfill.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'
import { requireBackfill } from './read-backfill.ts'

export interface BackfillRef extends DagRef {
  number: number
}

/** @param more what else happens, in the transaction that moves it. @throws DagbokError `not_found`, `forbidden`, `conflict` */
export async function changeBackfill(
  ctx: ServiceContext,
  actor: Actor,
  ref: BackfillRef,
  change: { verb: string; from: BackfillState[]; to: BackfillState },
  more: (tx: Queryable, backfill: BackfillRow) => Promise<void> = () => Promise.resolve(),
): Promise<void> {
  const dag = await requireDag(ctx, actor, ref, 'run:write')
  const backfill = await requireBackfill(ctx.db, dag, ref.number)
  await ctx.db.transaction(async (tx) => {
    if (!(await moveBackfill(tx, backfill.id, change.from, change.to)))
      throw new DagbokError(
        'conflict',
        `Backfill ${ref.number} is ${(await requireBackfill(tx, dag, ref.number)).state} already.`,
      )
    await more(tx, backfill)
    await insertAudit(tx, {
      teamId: dag.teamId,
      dagId: dag.id,
      userId: actor.userId,
      verb: `backfill.${change.verb}`,
      details: { number: ref.number },
    })
    await announce(tx, [`dag:${dag.id}`])
    await wakeEnqueuers(tx, 'backfill')
  })
}
