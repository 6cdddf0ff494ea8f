/** Facts for why a date that is due has no run yet. */
import { sql } from 'drizzle-orm'
import type { Schedule } from '#server/domain/dag/spec.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { named } from './places.ts'

export interface HeldSchedule {
  key: string
  entry: Schedule
  /** ms since the epoch. */
  cursor: number
  until: number | null
  /** `max_active_runs` of its version. */
  most: number
  /** Scheduled runs of its version that wait for their start, and the first of them. */
  queued: number
  queuedRuns: number[]
}

/** Schedules of a DAG with a tick that is due and was not fired. */
export async function heldSchedules(q: Queryable, dagId: string): Promise<HeldSchedule[]> {
  const rows = await rowsOf<Omit<HeldSchedule, 'queuedRuns'> & { runs: number[] | null }>(
    q,
    sql`
    select s.key, s.entry, (extract(epoch from s.cursor) * 1000)::float8 as cursor,
      (extract(epoch from s.until) * 1000)::float8 as until,
      (v.spec->'limits'->>'max_active_runs')::int as most, w.queued, w.runs
    from dag_schedule s join version v on v.id = s.version_id
    cross join lateral (
      select count(*)::int as queued, (array_agg(r.number order by r.number))[1:${sql.raw(String(named))}] as runs
      from run r where r.version_id = v.id and r.state = 'queued' and r.trigger = 'schedule') w
    where s.dag_id = ${dagId} and s.next_tick <= clock_timestamp()
    order by s.next_tick`,
  )
  return rows.map(({ runs, ...row }) => ({ ...row, queuedRuns: runs ?? [] }))
}

/** Runs of a backfill that are queued or running, oldest first: how many, and the first of them. */
export async function activeOfBackfill(
  q: Queryable,
  backfillId: string,
): Promise<{ active: number; runs: { id: string; number: number }[] }> {
  const rows = await rowsOf<{ id: string; number: number; active: number }>(
    q,
    sql`
    select id, number, (count(*) over ())::int as active from run
    where backfill_id = ${backfillId} and state in ('queued', 'running') order by number limit ${named}`,
  )
  return { active: rows[0]?.active ?? 0, runs: rows.map(({ id, number }) => ({ id, number })) }
}

/** Dates of a backfill before a place in its order of which no run was made yet. */
export async function pendingBefore(q: Queryable, backfillId: string, position: number): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(
    q,
    sql`
    select count(*)::int as n from backfill_tick
    where backfill_id = ${backfillId} and plan = 'run' and not made and position < ${position}`,
  )
  return row?.n ?? 0
}
