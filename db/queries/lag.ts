/** How far scheduling is behind: what nothing keeps waiting but a scheduler that does not come. */
import { sql } from 'drizzle-orm'
import { weighAdmission } from '#server/domain/run/admission.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { hasWorker } from './places.ts'
import { oldestQueued, queuedRuns } from './why.ts'

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

/** ms since the epoch since when a run waits that its DAG's strategy lets start; null without one. */
async function admissibleSince(q: Queryable): Promise<number | null> {
  const dags = await rowsOf<{ id: string }>(
    q,
    sql`select distinct dag_id as id from run where state = 'queued'`,
  )
  const oldest = await oldestQueued(
    q,
    [...dags].map(({ id }) => id),
  )
  const runs = await queuedRuns(q, oldest)
  const free = runs.filter(({ waiting, others }) => weighAdmission(waiting, others).because === null)
  return free.length === 0 ? null : Math.min(...free.map(({ createdAt }) => createdAt))
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
      (select min(s.next_tick) from dag_schedule s join dag d on d.id = s.dag_id where d.paused_at is null),
      case when ${parallelism}::int is null or (select count(*) from task_run t where ${active}) < ${parallelism}::int
        then ${claimableSince} end,
      to_timestamp(${admissible}::float8 / 1000))), 0))::float8 as lag`,
  )
  return row?.lag ?? 0
}
