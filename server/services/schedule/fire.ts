/** Makes the runs that a schedule is due for: each tick once (R9). */
import type { DueSchedule } from '#db/queries/schedule.ts'
import type { Session } from '#db/scheduling-store.ts'
import { weighTicks } from '../../domain/schedule/hold.ts'
import { failpoint } from '../../config/failpoint.ts'
import { newestTick, nextTick, ticksBetween, type Tick } from '../../domain/schedule/ticks.ts'
import { plainDeployment, type Usual } from '../../domain/run/deployment.ts'
import { makeRun } from '../run/create-run.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { checkParams } from '../run/check-params.ts'

/** Of what was missed: all, as far as there is room in the queue, or the newest. */
function dueTicks({ entry, cursor, spec, queued }: DueSchedule, until: Date): Tick[] | 'no_room' {
  const { catchup } = entry
  const { room } = weighTicks({ paused: false, catchup, most: spec.limits.max_active_runs, queued })
  if (room === 0) return 'no_room'
  if (catchup) return ticksBetween(entry, cursor, until, room)
  const newest = newestTick(entry, cursor, until)
  return newest === null ? [] : [newest]
}

/**
 * Fires a schedule, in one transaction with its cursor. Another scheduler that looked at the same time finds the cursor
 * moved. Where the clock goes back, nothing is due until it has passed the cursor again.
 * @param usual of the deployment
 * @returns whether it has to wait for a place in the queue
 */
export async function fireSchedule(
  tx: Session,
  given: { id: string; dagId: string },
  now: Date,
  usual: Usual = plainDeployment,
): Promise<'done' | 'no_room'> {
  const dag = await tx.lockScheduledDag(given.dagId)
  const due = await tx.scheduleById(given.id)
  if (dag === null || due === null || dag.paused) return 'done'
  const until = due.until !== null && due.until < now ? due.until : now
  const ticks = dueTicks(due, until)
  if (ticks === 'no_room') return 'no_room'
  await failpoint('schedule.fire.before')
  for (const { logicalDate, intervalStart, intervalEnd } of ticks)
    await makeRun(tx, {
      dagId: given.dagId,
      versionId: due.versionId,
      spec: due.spec,
      usual,
      trigger: 'schedule',
      triggeredBy: null,
      schedule: due.key,
      params: checkParams(paramsSchema(due.spec), due.entry.params),
      logicalDate,
      intervalStart,
      intervalEnd,
    })
  await failpoint('schedule.fire.after-effect-before-record')
  const cursor = ticks.at(-1)?.at ?? due.cursor
  const from = due.entry.catchup || cursor > until ? cursor : until
  await tx.moveSchedule(due, cursor, nextTick(due.entry, from)?.at ?? null)
  return 'done'
}
