import type { Queryable } from '#db/client.ts'
import { backfillRows, backfillTicks, type BackfillRow } from '#db/queries/backfill.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import { pendingBefore } from '#db/queries/why-dates.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { scheduleKey } from '../../domain/schedule/entries.ts'
import type { Backfill, BackfillDate } from '../../views/backfill.ts'
import type { WhyNotRunning } from '../../views/why.ts'
import type { ServiceContext } from '../context.ts'
import { isoOrNull } from '../run/views.ts'
import { whyRunsWait, whyView } from '../run/why-not-running.ts'
import { whyDates } from './why-dates.ts'

/** @throws DagbokError `not_found` */
export async function requireBackfill(q: Queryable, dag: DagRow, number: number): Promise<BackfillRow> {
  const [row] = await backfillRows(q, dag.id, { number })
  if (row === undefined) throw new DagbokError('not_found', `${dag.name} has no backfill ${number}.`)
  return row
}

export async function backfillView(ctx: ServiceContext, dag: DagRow, row: BackfillRow): Promise<Backfill> {
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
    whyNotRunning: row.pending > 0 ? (await whyDates(ctx, dag, row))(0) : null,
    url: `${ctx.publicUrl}/${dag.team}/${dag.repo}/${dag.name}/backfills?number=${row.number}`,
  }
}

/** Newest first, 100 at most. */
export async function listBackfills(ctx: ServiceContext, dag: DagRow): Promise<Backfill[]> {
  const rows = await backfillRows(ctx.db, dag.id)
  return Promise.all(rows.map((row) => backfillView(ctx, dag, row)))
}

type DateRow = Awaited<ReturnType<typeof backfillTicks>>[number]

/** Of each date whose run is to come, and of each whose run is queued. */
async function whyOfDates(
  ctx: ServiceContext,
  dag: DagRow,
  backfill: BackfillRow,
  rows: readonly DateRow[],
): Promise<(row: DateRow) => WhyNotRunning | null> {
  const pending = rows.filter(({ plan, made }) => plan === 'run' && !made)
  const why = pending.length === 0 ? null : await whyDates(ctx, dag, backfill)
  const earlier = pending[0] === undefined ? 0 : await pendingBefore(ctx.db, backfill.id, pending[0].position)
  const queued = rows.flatMap(({ runId, runState }) =>
    runState === 'queued' && runId !== null ? [runId] : [],
  )
  const whys = await whyRunsWait(ctx, queued)
  return (row) => {
    const at = pending.indexOf(row)
    if (at >= 0) return why?.(earlier + at) ?? null
    const found = whys.get(row.runId ?? '')
    if (found === undefined) return null
    return whyView(ctx, found.why, { team: dag.team, repo: dag.repo, dag: dag.name, number: found.number })
  }
}

/** Dates of a backfill in the order in which their runs are made. @throws DagbokError `not_found` */
export async function listBackfillDates(
  ctx: ServiceContext,
  dag: DagRow,
  number: number,
  page: { offset: number; limit: number },
): Promise<BackfillDate[]> {
  const backfill = await requireBackfill(ctx.db, dag, number)
  const rows = await backfillTicks(ctx.db, backfill.id, page.offset, page.limit)
  const whyOf = await whyOfDates(ctx, dag, backfill, rows)
  return rows.map((row) => ({
    logicalDate: row.logicalDate.toISOString(),
    intervalStart: row.intervalStart.toISOString(),
    intervalEnd: row.intervalEnd.toISOString(),
    plan: row.plan,
    made: row.made,
    run:
      row.runNumber === null || row.runState === null ? null : { number: row.runNumber, state: row.runState },
    whyNotRunning: whyOf(row),
  }))
}
