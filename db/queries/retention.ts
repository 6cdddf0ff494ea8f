/** Which runs may go, and which blobs nobody points to any more. */
import { sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'

/** Of each DAG so many runs stay, however old: grids and `depends_on_past` look at them. */
const newestOfDag = 20

/** What keeps a run `r`, however old it is. */
const needed = sql`(
  r.number >= (select d.next_run_number from dag d where d.id = r.dag_id) - ${newestOfDag}
  or (r.state = 'succeeded' and not exists (
    select from run n where n.version_id = r.version_id and n.state = 'succeeded' and n.number > r.number))
  or exists (
    select from task_run mine join task_run theirs on theirs.reused_from = mine.id
    where mine.run_id = r.id and theirs.run_id <> r.id)
  or exists (
    select from share_link l join comparison c on c.id = l.comparison_id
    where l.revoked_at is null and l.expires_at > clock_timestamp() and c.state -> 'runs' ? r.id::text))`

/**
 * Deletes runs that ended more than `days` ago, the oldest first, `limit` at most, with all that hangs on them. These stay:
 * the newest of a DAG, the newest that succeeded of each version, those whose results a later run was given, and those
 * that a comparison with a live share link shows. Call it in a transaction.
 * @returns how many went
 */
export async function deleteOldRuns(q: Queryable, days: number, limit: number): Promise<number> {
  const locked = await rowsOf<{ id: string }>(
    q,
    sql`
    select r.id from run r
    where r.ended_at < clock_timestamp() - make_interval(days => ${days}) and not ${needed}
    order by r.ended_at limit ${limit} for update skip locked`,
  )
  const ids = locked.map(({ id }) => id)
  if (ids.length === 0) return 0
  // Asked again under the locks: a run that takes its results may have been made meanwhile.
  const gone = await rowsOf<{ id: string }>(
    q,
    sql`
    delete from run r using (select jsonb_array_elements_text(${JSON.stringify(ids)}::jsonb)::uuid as id) one
    where r.id = one.id and not ${needed} returning r.id`,
  )
  return gone.length
}

/**
 * Holds the runs that these task runs are of until the transaction ends: nothing deletes them.
 * @returns how many of the task runs are there
 */
export async function holdResults(q: Queryable, taskRunIds: readonly string[]): Promise<number> {
  const rows = await rowsOf<object>(
    q,
    sql`
    select t.id from task_run t join run r on r.id = t.run_id
    where t.id in (select jsonb_array_elements_text(${JSON.stringify(taskRunIds)}::jsonb)::uuid)
    for share of r`,
  )
  return rows.length
}

/** Those of `hashes` that an output or a log points to, or what is kept of the pod of an attempt that lives. */
export async function blobsInUse(q: Queryable, hashes: readonly string[]): Promise<Set<string>> {
  const rows = await rowsOf<{ hash: string }>(
    q,
    sql`
    select asked.hash from (select jsonb_array_elements_text(${JSON.stringify(hashes)}::jsonb) as hash) asked
    where exists (select from output o where o.hash = asked.hash)
      or exists (select from log_chunk l where l.hash = asked.hash)
      or asked.hash in (
        select h.hash from attempt a cross join lateral (values (a.handle->>'job'), (a.handle->>'results')) h (hash)
        where a.state in ('created', 'submitted', 'running') and h.hash is not null)`,
  )
  return new Set(rows.map(({ hash }) => hash))
}
