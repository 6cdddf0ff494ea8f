/** Queued task runs and the places for them. They are claimed under their run's lock, not here. */
import { sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'

export interface Candidate {
  id: string
  runId: string
  task: string
}

/** What cannot be claimed now: whole runs, or single tasks of them (`RUN TASK`). */
export interface Blocked {
  runs: ReadonlySet<string>
  tasks: ReadonlySet<string>
}

/** Whose work is looked for: what is meant for a scheduler's own machine, and what lies in queues. */
export interface Taker {
  own: boolean
  /** Names, of every team; or of the one team `teamId`. */
  queues: readonly string[]
  teamId: string | null
}

const takes = ({ own, queues, teamId }: Taker) =>
  sql`(${own} and t.queue is null or t.queue is not null
    and split_part(t.queue, '/', 2) in (select jsonb_array_elements_text(${JSON.stringify(queues)}::jsonb))
    and (${teamId}::text is null or split_part(t.queue, '/', 1) = ${teamId}))`

/**
 * Queued task runs of running runs, by priority, then oldest first; none whose pool has no room or is not there.
 */
export async function claimable(
  q: Queryable,
  limit: number,
  blocked: Blocked,
  taker: Taker,
): Promise<Candidate[]> {
  const rows = await rowsOf<{ id: string; run_id: string; task: string }>(
    q,
    sql`
    select t.id, t.run_id, t.task
    from task_run t
    left join pool p on t.pool = p.team_id::text || '/' || p.name
    left join (
      select pool, sum(slots) as used from task_run
      where pool is not null and state in ('starting', 'running') group by pool) u on u.pool = t.pool
    where t.state = 'queued'
      and ${takes(taker)}
      and (t.pool is null or coalesce(u.used, 0) + t.slots <= p.slots)
      and not (t.run_id::text in (select jsonb_array_elements_text(${JSON.stringify([...blocked.runs])}::jsonb)))
      and not (t.run_id || ' ' || t.task in (select jsonb_array_elements_text(${JSON.stringify([...blocked.tasks])}::jsonb)))
    order by t.priority desc, t.queued_at
    limit ${limit}`,
  )
  return [...rows].map((row) => ({ id: row.id, runId: row.run_id, task: row.task }))
}

/** Task runs of a version that hold a place under its `max_active_tasks`. Call with the DAG locked. */
export async function activeTasks(q: Queryable, versionId: string): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(
    q,
    sql`
    select count(*)::int as n from task_run t join run r on r.id = t.run_id
    where r.version_id = ${versionId} and r.state = 'running' and t.state in ('starting', 'running')`,
  )
  return row?.n ?? 0
}

/** Task runs that hold a place in the whole deployment. */
export async function activeEverywhere(q: Queryable): Promise<number> {
  const [row] = await rowsOf<{ n: number }>(
    q,
    sql`select count(*)::int as n from task_run where state in ('starting', 'running')`,
  )
  return row?.n ?? 0
}

/** Whoever counts all task runs of the deployment to take one more place holds this to the end of its transaction. */
export async function lockEverywhere(q: Queryable): Promise<void> {
  await q.execute(sql`select pg_advisory_xact_lock(hashtextextended('dagbok parallelism', 0))`)
}

/**
 * Free slots of a task run's pool; null when it takes none, 0 when there is no such pool. All pools of the team are locked,
 * in their order: a transaction may ask for several, and two must not wait for each other.
 */
export async function lockPoolOf(
  q: Queryable,
  taskRunId: string,
): Promise<{ pool: string; free: number; slots: number } | null> {
  const [wanted] = await rowsOf<{ pool: string | null; slots: number }>(
    q,
    sql`select pool, slots from task_run where id = ${taskRunId}`,
  )
  if (wanted === undefined || wanted.pool === null) return null
  const [teamId = '', name] = wanted.pool.split('/')
  const pools = await rowsOf<{ name: string; slots: number }>(
    q,
    sql`select name, slots from pool where team_id = ${teamId} order by name for update`,
  )
  const pool = pools.find((one) => one.name === name)
  const [used] = await rowsOf<{ n: number }>(
    q,
    sql`
    select coalesce(sum(slots), 0)::int as n from task_run
    where pool = ${wanted.pool} and state in ('starting', 'running')`,
  )
  return { pool: wanted.pool, slots: wanted.slots, free: (pool?.slots ?? 0) - (used?.n ?? 0) }
}
