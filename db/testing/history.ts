/** For benches: a database as years of work leave it, without the years. */
import type { Sql } from '../sql.ts'

/**
 * Runs of the versions that are there, all over and all succeeded, oldest first, 10 task runs in each with one attempt and
 * one piece of log. Tables are analyzed afterwards. @returns how many task runs there are then
 */
export async function fillHistory(sql: Sql, taskRuns: number): Promise<number> {
  const [counted] = await sql<{ dags: number }[]>`select count(*)::integer as dags from dag`
  const each = Math.ceil(taskRuns / 10 / Math.max(1, counted?.dags ?? 0))
  await sql`
    insert into run (dag_id, version_id, number, state, trigger, params, revision, created_at, started_at, ended_at)
    select d.id, v.id, d.next_run_number + n, 'succeeded', 'api', '{}', 20, at, at, at + interval '2 seconds'
    from dag d
    join lateral (select id from version where dag_id = d.id order by number desc limit 1) v on true
    cross join generate_series(0, ${each}::integer - 1) n
    cross join lateral (select now() - interval '1 hour' - (${each}::integer - n) * interval '1 minute' as at) t`
  await sql`update dag set next_run_number = next_run_number + ${each}::integer`
  await sql`
    insert into task_run (run_id, task, state, attempts, ready_at, queued_at, started_at, ended_at)
    select r.id, 't' || n, 'succeeded', 1, at, at, at, at + interval '0.2 seconds'
    from run r cross join generate_series(0, 9) n
    cross join lateral (select r.created_at + n * interval '0.2 seconds' as at) t
    where r.revision = 20 and r.ended_at < now() - interval '50 minutes'`
  await sql`
    insert into attempt (task_run_id, run_id, n, token, state, executor, exit_code, created_at, submitted_at, started_at, ended_at)
    select t.id, t.run_id, 1, gen_random_uuid(), 'succeeded', 'process', 0, t.started_at, t.started_at, t.started_at, t.ended_at
    from task_run t where t.ended_at < now() - interval '50 minutes'`
  await sql`
    insert into log_chunk (attempt_id, seq, hash, byte_offset, bytes, first_line, lines, created_at)
    select a.id, 0, encode(sha256(a.id::text::bytea), 'hex'), 0, 4, 0, 1, a.ended_at
    from attempt a where a.ended_at < now() - interval '50 minutes'`
  await sql.run('vacuum analyze')
  const [filled] = await sql<{ count: number }[]>`select count(*)::integer as count from task_run`
  return filled?.count ?? 0
}

/** How many attempts are over. */
export async function endedAttempts(sql: Sql): Promise<number> {
  const [row] = await sql<{ count: number }[]>`
    select count(*)::integer as count from attempt where ended_at is not null`
  return row?.count ?? 0
}

/**
 * A transaction that has begun and does nothing, with a snapshot and an id of its own: nothing that dies after it can be
 * vacuumed. @returns what ends it
 */
export async function holdTransaction(sql: Sql): Promise<() => Promise<void>> {
  const connection = await sql.pool.connect()
  await connection.query('begin isolation level repeatable read')
  await connection.query('select pg_current_xact_id()')
  return async () => {
    await connection.query('commit')
    connection.release()
  }
}
