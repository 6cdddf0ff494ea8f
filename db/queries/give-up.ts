/** The end of a run that nobody can take any further: without its plan, by its rows alone. */
import { sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'

/**
 * Ends a run as failed, with all that is open of it: what runs or is tried again as failed, its attempts as lost, so that
 * their workers end them, all else as cancelled, and what people asked of it as too late.
 * @param message what its user reads. @returns false when it has ended already
 */
export async function giveUpRun(q: Queryable, runId: string, message: string): Promise<boolean> {
  const rows = await rowsOf<{ id: string }>(
    q,
    sql`
    update run set state = 'failed', reason = 'infrastructure_unknown', message = ${message}, due_at = null,
      started_at = coalesce(started_at, clock_timestamp()), ended_at = clock_timestamp(), revision = revision + 1
    where id = ${runId} and ended_at is null returning id`,
  )
  if (rows.length === 0) return false
  await q.execute(sql`
    update task_run set due_at = null, ended_at = clock_timestamp(), reason = 'infrastructure_unknown',
      state = (case when state in ('starting', 'running', 'retrying') then 'failed' else 'cancelled' end)::task_run_state
    where run_id = ${runId} and ended_at is null`)
  await q.execute(sql`
    update attempt set state = 'lost', reason = 'infrastructure_unknown', ended_at = clock_timestamp()
    where run_id = ${runId} and ended_at is null`)
  await q.execute(
    sql`update intervention set outcome = 'too_late' where run_id = ${runId} and outcome is null`,
  )
  return true
}
