import { giveUpTicks, liveRunsOf } from '#db/queries/backfill.ts'
import { announce, wakeScheduler } from '#db/queries/live.ts'
import { requestCancel } from '#db/queries/run-state.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { changeBackfill, type BackfillRef } from './change-backfill.ts'

/** Ends it for good: its runs are cancelled, and no more are made. @throws DagbokError `not_found`, `forbidden`, `conflict` */
export const cancelBackfill = (ctx: ServiceContext, actor: Actor, ref: BackfillRef): Promise<void> =>
  changeBackfill(
    ctx,
    actor,
    ref,
    { verb: 'cancel', from: ['running', 'paused'], to: 'cancelled' },
    async (tx, backfill) => {
      await giveUpTicks(tx, backfill.id)
      for (const id of await liveRunsOf(tx, backfill.id)) {
        await requestCancel(tx, id, actor.userId)
        await announce(tx, [`run:${id}`])
      }
      await wakeScheduler(tx)
    },
  )
