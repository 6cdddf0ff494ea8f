/** Backfills: what was planned for each date, and the runs made of them. */
import { and, asc, desc, eq, inArray, sql } from 'drizzle-orm'
import type { BackfillState, TickPlan } from '#server/domain/schedule/backfill.ts'
import type { RunState } from '#server/domain/run/states.ts'
import type { Tick } from '#server/domain/schedule/ticks.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { ofSchedule } from './past.ts'
import { backfill, backfillTick, run, user, version } from '../schema/index.ts'

export interface NewestRun {
  id: string
  number: number
  state: RunState
}

/** The newest run of each of these dates of a schedule that has one, by the date's ms. */
export async function newestRuns(
  q: Queryable,
  { dagId, schedule }: { dagId: string; schedule: string },
  dates: readonly Date[],
): Promise<Map<number, NewestRun>> {
  const rows = await rowsOf<{ at: string; id: string; number: number; state: RunState }>(
    q,
    sql`
    select distinct on (r.logical_date) r.logical_date::text as at, r.id, r.number, r.state::text as state
    from ${run} r join jsonb_array_elements_text(${JSON.stringify(dates)}::jsonb) d on r.logical_date = d::timestamptz
    where r.dag_id = ${dagId} and ${ofSchedule(schedule)} order by r.logical_date, r.number desc`,
  )
  return new Map(rows.map(({ at, ...row }) => [new Date(at).getTime(), row]))
}

export type NewBackfill = Omit<
  typeof backfill.$inferInsert,
  'id' | 'number' | 'state' | 'createdAt' | 'endedAt'
>

/** Inserts a backfill with the DAG's next number, and its dates in the order their runs are made. The DAG is locked. */
export async function insertBackfill(
  q: Queryable,
  given: NewBackfill,
  ticks: readonly (Tick & { plan: TickPlan })[],
): Promise<{ id: string; number: number }> {
  const number = sql<number>`(select coalesce(max(number), 0) + 1 from backfill where dag_id = ${given.dagId})`
  const [row] = await q
    .insert(backfill)
    .values({ ...given, number })
    .returning({ id: backfill.id, number: backfill.number })
  if (row === undefined) throw new Error('an insert gave no row')
  const rows = ticks.map(({ logicalDate, intervalStart, intervalEnd, plan }, position) => ({
    logicalDate,
    intervalStart,
    intervalEnd,
    plan,
    position,
  }))
  await q.execute(sql`
    insert into ${backfillTick} (backfill_id, logical_date, interval_start, interval_end, position, plan)
    select ${row.id}, t."logicalDate", t."intervalStart", t."intervalEnd", t.position, t.plan
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as t(
      "logicalDate" timestamptz, "intervalStart" timestamptz, "intervalEnd" timestamptz, position int, plan tick_plan)`)
  return row
}

export async function runningBackfills(q: Queryable): Promise<string[]> {
  const rows = await q
    .select({ id: backfill.id })
    .from(backfill)
    .where(eq(backfill.state, 'running'))
    .orderBy(asc(backfill.createdAt))
  return rows.map((row) => row.id)
}

/** Locks a running backfill; null when another scheduler works on it, or it does not run. */
export async function takeBackfill(q: Queryable, id: string) {
  const [row] = await q
    .select({
      id: backfill.id,
      dagId: backfill.dagId,
      number: backfill.number,
      versionId: backfill.versionId,
      reprocess: backfill.reprocess,
      concurrency: backfill.concurrency,
      params: backfill.params,
      entry: backfill.entry,
      schedule: backfill.schedule,
    })
    .from(backfill)
    .where(and(eq(backfill.id, id), eq(backfill.state, 'running')))
    .for('update', { skipLocked: true })
  return row ?? null
}

const live: RunState[] = ['queued', 'running']

/** Its runs that are queued or running. */
export async function liveRunsOf(q: Queryable, backfillId: string): Promise<string[]> {
  const rows = await q
    .select({ id: run.id })
    .from(run)
    .where(and(eq(run.backfillId, backfillId), inArray(run.state, live)))
  return rows.map((row) => row.id)
}

/** Of which no run was made yet: one that was deleted since is not made again. */
const pending = (backfillId: string) =>
  and(eq(backfillTick.backfillId, backfillId), eq(backfillTick.plan, 'run'), eq(backfillTick.made, false))

/** The next dates of which no run was made yet. */
export async function pendingTicks(q: Queryable, backfillId: string, limit: number) {
  const { logicalDate, intervalStart, intervalEnd } = backfillTick
  return q
    .select({ logicalDate, intervalStart, intervalEnd })
    .from(backfillTick)
    .where(pending(backfillId))
    .orderBy(asc(backfillTick.position))
    .limit(limit)
}

/** Puts down what became of a date: the run that was made of it, or why none is. */
export async function settleTick(
  q: Queryable,
  backfillId: string,
  logicalDate: Date,
  became: { runId: string } | { plan: TickPlan },
): Promise<void> {
  await q
    .update(backfillTick)
    .set(became)
    .where(and(eq(backfillTick.backfillId, backfillId), eq(backfillTick.logicalDate, logicalDate)))
}

/** No run is made of dates that have had none yet. */
export async function giveUpTicks(q: Queryable, backfillId: string): Promise<void> {
  await q.update(backfillTick).set({ plan: 'cancelled' }).where(pending(backfillId))
}

/** Moves a backfill on; false when it is in none of the states `from`. */
export async function moveBackfill(
  q: Queryable,
  id: string,
  from: BackfillState[],
  to: BackfillState,
): Promise<boolean> {
  const ended = to === 'finished' || to === 'cancelled'
  const rows = await q
    .update(backfill)
    .set({ state: to, endedAt: ended ? sql`clock_timestamp()` : null })
    .where(and(eq(backfill.id, id), inArray(backfill.state, from)))
    .returning({ id: backfill.id })
  return rows.length > 0
}

const count = (condition: ReturnType<typeof sql>) => sql<number>`(
  select count(*)::int from backfill_tick t left join run r on r.id = t.run_id
  where t.backfill_id = "backfill"."id" and ${condition})`

/** Backfills of a DAG, newest first, with how far they are. */
export async function backfillRows(q: Queryable, dagId: string, only?: { number: number }) {
  const { id, number, entry, from, to, reprocess, order, concurrency, params, state, createdAt, endedAt } =
    backfill
  return q
    .select({
      id,
      number,
      entry,
      from,
      to,
      reprocess,
      order,
      concurrency,
      params,
      state,
      createdAt,
      endedAt,
      versionId: version.id,
      versionNumber: version.number,
      createdBy: user.name,
      dates: count(sql`true`),
      skipped: count(sql`t.plan <> 'run'`),
      pending: count(sql`t.plan = 'run' and not t.made`),
      deleted: count(sql`t.made and t.run_id is null`),
      queued: count(sql`r.state = 'queued'`),
      running: count(sql`r.state = 'running'`),
      succeeded: count(sql`r.state = 'succeeded'`),
      failed: count(sql`r.state = 'failed'`),
      cancelled: count(sql`r.state = 'cancelled'`),
    })
    .from(backfill)
    .innerJoin(version, eq(version.id, backfill.versionId))
    .leftJoin(user, eq(user.id, backfill.createdBy))
    .where(and(eq(backfill.dagId, dagId), only === undefined ? undefined : eq(backfill.number, only.number)))
    .orderBy(desc(backfill.number))
    .limit(100)
}
export type BackfillRow = Awaited<ReturnType<typeof backfillRows>>[number]

/** Dates of a backfill in the order in which their runs are made. */
export async function backfillTicks(q: Queryable, backfillId: string, offset: number, limit: number) {
  const { logicalDate, intervalStart, intervalEnd, plan, made, position } = backfillTick
  return q
    .select({
      logicalDate,
      intervalStart,
      intervalEnd,
      plan,
      made,
      position,
      runId: run.id,
      runNumber: run.number,
      runState: run.state,
    })
    .from(backfillTick)
    .leftJoin(run, eq(run.id, backfillTick.runId))
    .where(eq(backfillTick.backfillId, backfillId))
    .orderBy(asc(backfillTick.position))
    .offset(offset)
    .limit(limit)
}
