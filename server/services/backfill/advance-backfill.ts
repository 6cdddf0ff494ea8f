/** Makes the next runs of a backfill, as many as it may have at once. */
import type { Queryable } from '#db/client.ts'
import {
  liveRunsOf,
  moveBackfill,
  newestRuns,
  pendingTicks,
  settleTick,
  takeBackfill,
} from '#db/queries/backfill.ts'
import { announce } from '#db/queries/live.ts'
import { specOf } from '#db/queries/version.ts'
import { plainDeployment, type Usual } from '../../domain/run/deployment.ts'
import { planTick } from '../../domain/schedule/backfill.ts'
import { scheduleKey } from '../../domain/schedule/entries.ts'
import { weighDate } from '../../domain/schedule/hold.ts'
import { createRun } from '../run/create-run.ts'

/** Runs made in one transaction. */
const batch = 50

/**
 * In one transaction, under the backfill's lock: each date gets its run once, also with many schedulers and when one is
 * killed half way.
 * @param usual of the deployment
 * @returns whether there is more to make at once
 */
export async function advanceBackfill(
  tx: Queryable,
  id: string,
  usual: Usual = plainDeployment,
): Promise<boolean> {
  const backfill = await takeBackfill(tx, id)
  if (backfill === null) return false
  const active = (await liveRunsOf(tx, id)).length
  const { room: free } = weighDate({ state: 'running', concurrency: backfill.concurrency, active }, 0)
  const room = Math.min(batch, free)
  const ticks = room === 0 ? [] : await pendingTicks(tx, id, room)
  if (ticks.length === 0) {
    if (active === 0 && room > 0) {
      await moveBackfill(tx, id, ['running'], 'finished')
      await announce(tx, [`dag:${backfill.dagId}`])
    }
    return false
  }
  const spec = await specOf(tx, backfill.versionId)
  if (spec === null) throw new Error(`backfill ${id} has no version`)
  // Since it was planned, somebody else may have made a run of a date.
  const schedule = backfill.schedule ?? scheduleKey(backfill.entry)
  const now = await newestRuns(
    tx,
    { dagId: backfill.dagId, schedule },
    ticks.map((tick) => tick.logicalDate),
  )
  for (const tick of ticks) {
    const plan = planTick(backfill.reprocess, now.get(tick.logicalDate.getTime())?.state ?? null)
    if (plan !== 'run') {
      await settleTick(tx, id, tick.logicalDate, { plan })
      continue
    }
    const run = await createRun(tx, {
      dagId: backfill.dagId,
      versionId: backfill.versionId,
      spec,
      usual,
      trigger: 'backfill',
      triggeredBy: null,
      backfillId: id,
      schedule,
      params: backfill.params,
      ...tick,
    })
    await settleTick(tx, id, tick.logicalDate, { runId: run.id })
  }
  return true
}
