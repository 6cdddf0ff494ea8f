/** What an operator watches: counts of what is under way, and of what has ended since a moment. */
import { sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'
import { schedulerLag } from './lag.ts'

export interface Ended {
  state: string
  executor: string
  /** Seconds from the queue to the claim; null when it was queued again since. */
  waited: number | null
  /** Seconds from the claim to the end. */
  took: number
}

/** The database's time, a little back: what ended before it is committed by now. */
export async function settledTime(q: Queryable): Promise<string> {
  const [row] = await rowsOf<{ at: string }>(
    q,
    sql`select (clock_timestamp() - interval '5 seconds')::text as at`,
  )
  if (row === undefined) throw new Error('a select gave no row')
  return row.at
}

/** Attempts that ended after `from` and until `to`. */
export async function attemptsEnded(q: Queryable, from: string, to: string): Promise<Ended[]> {
  const rows = await rowsOf<{ state: string; executor: string; waited: number | null; took: number }>(
    q,
    sql`
    select a.state::text, a.executor, extract(epoch from a.ended_at - a.created_at)::float8 as took,
      case when t.attempts = a.n and t.queued_at <= a.created_at
        then extract(epoch from a.created_at - t.queued_at)::float8 end as waited
    from attempt a join task_run t on t.id = a.task_run_id
    where a.ended_at > ${from}::timestamptz and a.ended_at <= ${to}::timestamptz`,
  )
  return [...rows]
}

export interface UnderWay {
  /** Runs and task runs that have not ended, by state. */
  runs: Record<string, number>
  taskRuns: Record<string, number>
  pools: { team: string; pool: string; slots: number; used: number }[]
  /** Seconds that the oldest thing that is due, and the oldest push whose versions are not made, have waited. */
  schedulerLag: number
  pushAge: number
}

const byState = (rows: Iterable<{ state: string; n: number }>) =>
  Object.fromEntries([...rows].map(({ state, n }) => [state, n]))

/** @param teams ids of those whose pools are told @param parallelism of the deployment */
export async function underWay(
  q: Queryable,
  teams: readonly string[],
  parallelism: number | null,
): Promise<UnderWay> {
  const runs = await rowsOf<{ state: string; n: number }>(
    q,
    sql`select state::text, count(*)::int as n from run where state in ('queued', 'running') group by state`,
  )
  const taskRuns = await rowsOf<{ state: string; n: number }>(
    q,
    sql`
    select t.state::text, count(*)::int as n from task_run t join run r on r.id = t.run_id
    where r.state in ('queued', 'running') and t.ended_at is null group by t.state`,
  )
  const pools = await rowsOf<{ team: string; pool: string; slots: number; used: number }>(
    q,
    sql`
    select team.name as team, p.name as pool, p.slots, coalesce((
      select sum(t.slots) from task_run t
      where t.pool = p.team_id::text || '/' || p.name and t.state in ('starting', 'running')), 0)::int as used
    from pool p join team on team.id = p.team_id
    where team.id::text in (select jsonb_array_elements_text(${JSON.stringify(teams)}::jsonb))`,
  )
  const [age] = await rowsOf<{ push: number }>(
    q,
    sql`
    select coalesce(extract(epoch from clock_timestamp() -
      (select min(created_at) from push where state = 'checked')), 0)::float8 as push`,
  )
  return {
    runs: byState(runs),
    taskRuns: byState(taskRuns),
    pools: [...pools],
    schedulerLag: await schedulerLag(q, parallelism),
    pushAge: age?.push ?? 0,
  }
}
