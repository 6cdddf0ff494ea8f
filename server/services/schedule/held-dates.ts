/** Dates of a DAG's schedules that are due and have no run yet, with why. */
import { ownWorkers } from '#db/queries/places.ts'
import { databaseNow } from '#db/queries/schedule.ts'
import { heldSchedules, type HeldSchedule } from '#db/queries/why-dates.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { whyTickWaits } from '../../domain/run/why/dates.ts'
import { scheduleSchema } from '../../domain/dag/spec.ts'
import { newestTick, ticksBetween, type Tick } from '../../domain/schedule/ticks.ts'
import type { DagDetail } from '../../views/dag.ts'
import type { ServiceContext } from '../context.ts'
import { whyView } from '../run/why-not-running.ts'

/** Dates that are counted: of more, only that there are more. */
const mostCounted = 1000

/** What is to be fired of it: all, or without `catchup` the newest. */
function ticksOf({ entry: written, cursor, until }: HeldSchedule, now: Date): Tick[] {
  const entry = scheduleSchema.parse(written)
  const end = new Date(Math.min(now.getTime(), until ?? Infinity))
  if (entry.catchup) return ticksBetween(entry, new Date(cursor), end, mostCounted + 1)
  const newest = newestTick(entry, new Date(cursor), end)
  return newest === null ? [] : [newest]
}

export async function heldDates(ctx: ServiceContext, row: DagRow): Promise<DagDetail['heldDates']> {
  const held = await heldSchedules(ctx.db, row.id)
  if (held.length === 0) return []
  const [now, schedulers] = [await databaseNow(ctx.db), await ownWorkers(ctx.db)]
  const here = { team: row.team, repo: row.repo, dag: row.name, number: 0 }
  return held.flatMap((one) => {
    const ticks = ticksOf(one, now)
    const [first] = ticks
    if (first === undefined) return []
    const { catchup } = scheduleSchema.parse(one.entry)
    const why = whyTickWaits({
      ...one,
      catchup,
      paused: row.pausedAt !== null,
      repo: row.repo,
      dag: row.name,
      schedulers,
    })
    return [
      {
        schedule: one.key,
        logicalDate: first.logicalDate.toISOString(),
        dates: Math.min(ticks.length, mostCounted),
        more: ticks.length > mostCounted,
        whyNotRunning: whyView(ctx, why, here),
      },
    ]
  })
}
