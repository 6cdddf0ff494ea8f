/** Queued task runs and the places for them. They are claimed under their run's lock, not here. */
import { sql, type SQL } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'

export interface Candidate {
  id: string
  runId: string
  versionId: string
  task: string
}

/** What cannot be claimed now: all runs of a version, whole runs, or single tasks of them (`RUN TASK`). */
export interface Blocked {
  versions: ReadonlySet<string>
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

/** Runs that are weighed against each other in one look: of more than that each look takes others. */
const weighed = 50

/** Seconds without a turn that count as one task less under way: whoever has a long one gets his next turn all the same. */
export const patienceSeconds = 30

/**
 * Queued task runs of running runs: by priority, then those first whose run has fewest under way that this taker could have
 * taken, then by turns, so that runs with ten thousand tasks do not keep all others waiting (R18). None whose pool has no room or is not there.
 */
export async function claimable(
  q: Queryable,
  limit: number,
  blocked: Blocked,
  taker: Taker,
): Promise<Candidate[]> {
  const open = sql`t.state = 'queued' and ${takes(taker)}
    and not (t.run_id || ' ' || t.task in (select jsonb_array_elements_text(${JSON.stringify([...blocked.tasks])}::jsonb)))
    and (t.pool is null or t.pool in (select key from room where free > 0)
      and exists (select from room where key = t.pool and free >= t.slots))`
  const isBlocked = sql`(r.id::text in (select jsonb_array_elements_text(${JSON.stringify([...blocked.runs])}::jsonb))
    or r.version_id::text in (select jsonb_array_elements_text(${JSON.stringify([...blocked.versions])}::jsonb)))`
  const columns = sql`t.id, t.run_id, t.task, t.priority, t.queued_at`
  // As the indexes have it: otherwise all that is queued would be sorted.
  const best = sql`order by t.priority desc nulls last, t.queued_at limit ${limit}`
  const next = (where: SQL) =>
    sql`(select t.run_id from task_run t where ${open} and ${where} order by t.run_id limit 1)`
  const rows = await rowsOf<{ id: string; run_id: string; task: string; version_id: string }>(
    q,
    sql`
    with recursive room as materialized (
      select p.team_id::text || '/' || p.name as key, p.slots - coalesce(sum(u.slots), 0) as free
      from pool p left join task_run u on u.pool = p.team_id::text || '/' || p.name and u.state in ('starting', 'running')
      group by p.id),
    start as (select gen_random_uuid() as at),
    above (run_id, n) as (
      select ${next(sql`t.run_id >= (select at from start)`)}, 1
      union all select ${next(sql`t.run_id > above.run_id`)}, n + 1 from above where run_id is not null and n < ${weighed}::int),
    below (run_id, n) as (
      select ${next(sql`t.run_id < (select at from start)`)}, 1
      union all select ${next(sql`t.run_id > below.run_id and t.run_id < (select at from start)`)}, n + 1
        from below where run_id is not null and n < ${weighed}::int),
    -- Of so many that not all are weighed, what goes before all else must not be missed.
    found as (
      (select ${columns} from task_run t
        where (select exists (select from above where n = ${weighed}::int) or exists (select from below where n = ${weighed}::int))
          and ${open} and not exists (select from run r where r.id = t.run_id and ${isBlocked}) ${best})
      union
      select one.* from (select run_id from above union all select run_id from below) s join run r on r.id = s.run_id
        cross join lateral (select ${columns} from task_run t where t.run_id = r.id and ${open} ${best}) one
        where not ${isBlocked})
    select f.id, f.run_id, f.task, v.version_id from found f join run v on v.id = f.run_id
    left join (
      select t.run_id, count(*) as n from task_run t where t.state in ('starting', 'running') and ${takes(taker)} group by t.run_id
    ) a on a.run_id = f.run_id
    cross join lateral (select greatest(v.served_at, f.queued_at) as since) turn
    order by f.priority desc,
      coalesce(a.n, 0) + row_number() over (partition by f.run_id order by f.priority desc, f.queued_at)
        - floor(extract(epoch from clock_timestamp() - turn.since) / ${patienceSeconds}::int),
      turn.since, f.queued_at
    limit ${limit}`,
  )
  return rows.map((row) => ({ id: row.id, runId: row.run_id, versionId: row.version_id, task: row.task }))
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
