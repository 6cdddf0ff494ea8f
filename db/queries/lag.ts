/** How far scheduling is behind: what nothing keeps waiting but a scheduler that does not come. */
import { sql, type SQL } from 'drizzle-orm'
import { weighAdmission } from '#server/domain/run/admission.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { hasWorker } from './places.ts'
import { queuedRuns } from './why.ts'

/** Queued task runs by task, with since when the first of them waits; of 10,000 items there is one row. */
const queued = sql`
  select t.run_id, t.task, t.pool, t.queue, min(t.slots) as slots, min(t.queued_at) as since
  from task_run t join run r on r.id = t.run_id
  where t.state = 'queued' and r.state = 'running' group by t.run_id, t.task, t.pool, t.queue`

const active = sql`t.state in ('starting', 'running')`

/** Since when a task run waits that a claim could take: the limits, its pool and a worker have room for it. */
const claimableSince = sql`(
  select min(g.since) from (${queued}) g join run r on r.id = g.run_id join version v on v.id = r.version_id
  where (g.pool is null or g.slots <= coalesce((
      select p.slots from pool p where p.team_id::text || '/' || p.name = g.pool), 0) - (
      select coalesce(sum(t.slots), 0) from task_run t where t.pool = g.pool and ${active}))
    and (jsonb_typeof(v.spec->'limits'->'max_active_tasks') is distinct from 'number'
      or (v.spec->'limits'->>'max_active_tasks')::int > (
        select count(*) from task_run t join run o on o.id = t.run_id
        where o.version_id = r.version_id and o.state = 'running' and ${active}))
    and coalesce((
      select (s->'map'->>'max_parallel')::int from jsonb_array_elements(v.spec->'tasks') s where s->>'id' = g.task
      ) > (select count(*) from task_run t where t.run_id = g.run_id and t.task = g.task and ${active}), true)
    and ${hasWorker(sql`g.queue`)})`

/** Runs of a DAG that say when room was made last: it is made by the newest ones. */
const newest = sql.raw('200')
const newestRuns = (dagId: SQL) =>
  sql`(select started_at, ended_at from run where dag_id = ${dagId} order by number desc limit ${newest})`

/**
 * Since when the oldest tick waits. What catch-up has missed waits for room in its version's queue: for that no scheduler is
 * behind, and once there is room it waits since then, not since the tick.
 */
const tickSince = sql`(
  select min(greatest(s.next_tick, d.scheduled_since,
    case when c.catchup then (select max(coalesce(n.started_at, n.ended_at)) from ${newestRuns(sql`s.dag_id`)} n) end))
  from dag_schedule s join dag d on d.id = s.dag_id join version v on v.id = s.version_id
  cross join lateral (select coalesce((s.entry->>'catchup')::boolean, false) as catchup) c
  where d.paused_at is null and s.next_tick <= clock_timestamp()
    and not (c.catchup and (v.spec->'limits'->>'max_active_runs')::int <= (
      select count(*) from run r where r.version_id = s.version_id and r.state = 'queued' and r.trigger = 'schedule')))`

/**
 * Queued runs that may be the next of their version: its oldest, its newest (strategies that keep the latest), and those that
 * go before others.
 */
async function nextRuns(q: Queryable): Promise<string[]> {
  const rows = await rowsOf<{ id: string }>(
    q,
    sql`
    select id from (
      select id, forced, verb, row_number() over w as first, row_number() over (
        partition by version_id order by number desc) as last
      from run where state = 'queued' window w as (partition by version_id order by number)) r
    where first = 1 or last = 1 or forced or verb is not distinct from 'recover'`,
  )
  return rows.map(({ id }) => id)
}

/** ms since the epoch at which a run of these DAGs ended last. */
async function lastEnds(q: Queryable, dagIds: readonly string[]): Promise<Map<string, number>> {
  const rows = await rowsOf<{ id: string; at: number | null }>(
    q,
    sql`
    select d.id, (select extract(epoch from max(n.ended_at)) * 1000 from ${newestRuns(sql`d.id`)} n)::float8 as at
    from dag d where d.id::text in (select jsonb_array_elements_text(${JSON.stringify(dagIds)}::jsonb))`,
  )
  return new Map(rows.map(({ id, at }) => [id, at ?? 0]))
}

/** ms since the epoch since when a run could start by its DAG's strategy; null without one. A place it had to wait for counts from then. */
async function admissibleSince(q: Queryable): Promise<number | null> {
  const runs = await queuedRuns(q, await nextRuns(q))
  const free = runs.filter(({ waiting, others }) => weighAdmission(waiting, others).because === null)
  if (free.length === 0) return null
  const ends = await lastEnds(q, [...new Set(free.map(({ dagId }) => dagId))])
  return Math.min(...free.map(({ dagId, createdAt }) => Math.max(createdAt, ends.get(dagId) ?? 0)))
}

/** Seconds that the oldest thing has waited that a scheduler should have seen to: 0 when nothing is behind. @param parallelism of the deployment */
export async function schedulerLag(q: Queryable, parallelism: number | null): Promise<number> {
  const admissible = await admissibleSince(q)
  const [row] = await rowsOf<{ lag: number }>(
    q,
    sql`
    select greatest(0, coalesce(extract(epoch from clock_timestamp() - least(
      (select min(due_at) from task_run where due_at is not null and ended_at is null),
      (select min(due_at) from run where state in ('queued', 'running')),
      ${tickSince},
      case when ${parallelism}::int is null or (select count(*) from task_run t where ${active}) < ${parallelism}::int
        then ${claimableSince} end,
      to_timestamp(${admissible}::float8 / 1000))), 0))::float8 as lag`,
  )
  return row?.lag ?? 0
}
