/** Runs and attempts in the order in which they ended: for those who tell others of them. */
import { sql } from 'drizzle-orm'
import type { Reason } from '#server/domain/run/states.ts'
import { rowsOf, type Queryable } from '../client.ts'

export interface Ended {
  kind: 'run' | 'attempt'
  /** Of the run or the attempt. */
  id: string
  runId: string
  team: string
  repository: string
  dag: string
  /** Of the run, within its DAG. */
  number: number
  /** Of the DAG. */
  version: number
  state: string
  reason: Reason | null
  message: string | null
  /** Of a run: what started it. Of an attempt: its executor. */
  by: string
  /** Of an attempt: its task, the key of its item, and which attempt of it this is. */
  task: string | null
  key: string | null
  n: number | null
  workerId: string | null
  exitCode: number | null
  /** µs since 1970. `started` is null where no code ran. */
  created: number
  started: number | null
  ended: number
}

/** Up to where has been read: a time in µs since 1970, and the last id of that time. */
export interface EndedCursor {
  at: number
  id: string
}

const micros = (column: string) => sql.raw(`(extract(epoch from ${column}) * 1000000)::float8`)

/** Now, by the database's clock. */
export async function cursorOfNow(q: Queryable): Promise<EndedCursor> {
  const [row] = await rowsOf<{ at: number }>(q, sql`select ${micros('clock_timestamp()')} as at`)
  return { at: row?.at ?? 0, id: '' }
}

/**
 * What ended after the cursor, the first `limit`. What ended within the last `lagMs` is left for later: a transaction
 * may still be under way whose end has an earlier time.
 */
export function endedSince(
  q: Queryable,
  { at, id }: EndedCursor,
  limit: number,
  lagMs: number,
): Promise<Ended[]> {
  const after = (one: 'r' | 'a') => sql`
    ${sql.raw(one)}.ended_at >= to_timestamp(${at}::float8 / 1000000) - interval '1 millisecond'
    and ${sql.raw(one)}.ended_at < clock_timestamp() - make_interval(secs => ${lagMs}::float8 / 1000)
    and (${micros(`${one}.ended_at`)}, ${sql.raw(one)}.id::text) > (${at}::float8, ${id})`
  const of = sql`
    join dag d on d.id = r.dag_id join repository p on p.id = d.repository_id join team t on t.id = p.team_id
    join version v on v.id = r.version_id`
  return rowsOf<Ended>(
    q,
    sql`
    select * from (
      select 'run' as kind, r.id::text, r.id::text as "runId", t.name as team, p.name as repository, d.name as dag,
        r.number, v.number as version, r.state::text, r.reason::text, r.message, r.trigger::text as by,
        null as task, null as key, null::int as n, null as "workerId", null::int as "exitCode",
        ${micros('r.created_at')} as created, ${micros('r.started_at')} as started, ${micros('r.ended_at')} as ended
      from run r ${of} where ${after('r')}
      union all
      select 'attempt', a.id::text, r.id::text, t.name, p.name, d.name,
        r.number, v.number, a.state::text, a.reason::text, a.message, a.executor,
        k.task, k.key, a.n, a.worker_id::text, a.exit_code,
        ${micros('a.created_at')}, ${micros('a.started_at')}, ${micros('a.ended_at')}
      from attempt a join task_run k on k.id = a.task_run_id join run r on r.id = a.run_id ${of} where ${after('a')}
    ) one order by ended, id limit ${limit}`,
  )
}
