import type { Queryable } from '#db/client.ts'
import { backfillRows, backfillTicks, type BackfillRow } from '#db/queries/backfill.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { scheduleKey } from '../../domain/schedule/entries.ts'
import type { Backfill, BackfillDate } from '../../views/backfill.ts'
import type { ServiceContext } from '../context.ts'
import { isoOrNull } from '../run/views.ts'

/** @throws DagbokError `not_found` */
export async function requireBackfill(q: Queryable, dag: DagRow, number: number): Promise<BackfillRow> {
  const [row] = await backfillRows(q, dag.id, { number })
  if (row === undefined) throw new DagbokError('not_found', `${dag.name} has no backfill ${number}.`)
  return row
}

export function backfillView(ctx: ServiceContext, dag: DagRow, row: BackfillRow): Backfill {
  const { dates, skipped, pending, deleted, queued, running, succeeded, failed, cancelled } = row
  return {
    id: row.id,
    number: row.number,
    version: row.versionNumber,
    schedule: scheduleKey(row.entry),
    from: row.from,
    to: row.to,
    reprocess: row.reprocess,
    order: row.order,
    concurrency: row.concurrency,
    params: row.params,
    state: row.state,
    createdBy: row.createdBy,
    createdAt: row.createdAt.toISOString(),
    endedAt: isoOrNull(row.endedAt),
    progress: { dates, skipped, pending, deleted, queued, running, succeeded, failed, cancelled },
    url: `${ctx.publicUrl}/${dag.team}/${dag.repo}/${dag.name}/backfills?number=${row.number}`,
  }
}

/** Newest first, 100 at most. */
export async function listBackfills(ctx: ServiceContext, dag: DagRow): Promise<Backfill[]> {
  return (await backfillRows(ctx.db, dag.id)).map((row) => backfillView(ctx, dag, row))
}

/** Dates of a backfill in the order in which their runs are made. @throws DagbokError `not_found` */
export async function listBackfillDates(
  ctx: ServiceContext,
  dag: DagRow,
  number: number,
  page: { offset: number; limit: number },
): Promise<BackfillDate[]> {
  const { id } = await requireBackfill(ctx.db, dag, number)
  return (await backfillTicks(ctx.db, id, page.offset, page.limit)).map((row) => ({
    logicalDate: row.logicalDate.toISOString(),
    intervalStart: row.intervalStart.toISOString(),
    intervalEnd: row.intervalEnd.toISOString(),
    plan: row.plan,
    made: row.made,
    run:
      row.runNumber === null || row.runState === null ? null : { number: row.runNumber, state: row.runState },
  }))
}
