/** Runs that wait for their place, and the places there are. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { Others, Waiting } from '#server/domain/run/admission.ts'
import type { Queryable } from '../client.ts'
import { dag, run, version } from '../schema/index.ts'

export type WaitingRun = Waiting & { id: string; dagId: string; number: number }

/** Runs that wait to be admitted, oldest first. */
export async function waitingRuns(q: Queryable, limit: number): Promise<WaitingRun[]> {
  return q
    .select({
      id: run.id,
      dagId: run.dagId,
      number: run.number,
      forced: run.forced,
      max: sql<number>`(${version.spec}->'limits'->>'max_active_runs')::int`,
      strategy: sql<Waiting['strategy']>`coalesce(${version.spec}->'limits'->>'strategy', 'parallel')`,
    })
    .from(run)
    .innerJoin(version, eq(version.id, run.versionId))
    .where(eq(run.state, 'queued'))
    .orderBy(asc(run.createdAt))
    .limit(limit)
}

/** Locks the DAG: the place that its limits are asked at. */
export async function lockDag(q: Queryable, dagId: string): Promise<void> {
  await q.select({ id: dag.id }).from(dag).where(eq(dag.id, dagId)).for('update')
}

/** What else there is of a run's DAG. Call with the DAG locked. */
export async function othersOf(q: Queryable, { id, dagId, number }: WaitingRun): Promise<Others> {
  const [row] = await q.execute<{
    active: number
    older: boolean
    newer: boolean
    failed_before: boolean
  }>(sql`
    select
      count(*) filter (where state = 'running')::int as active,
      coalesce(bool_or(state = 'queued' and number < ${number}), false) as older,
      coalesce(bool_or(state = 'queued' and number > ${number}), false) as newer,
      coalesce((
        select last.state = 'failed' and not exists (
          select from run again where again.parent_id = last.id and again.verb = 'recover' and again.state = 'succeeded')
        from run last where last.dag_id = ${dagId} and last.state in ('succeeded', 'failed') and last.number < ${number}
        order by last.number desc limit 1), false) as failed_before
    from run where dag_id = ${dagId} and state in ('queued', 'running') and id <> ${id}`)
  return {
    active: row?.active ?? 0,
    older: row?.older ?? false,
    newer: row?.newer ?? false,
    failedBefore: row?.failed_before ?? false,
  }
}

/** Running runs of a DAG. */
export async function activeRuns(q: Queryable, dagId: string): Promise<string[]> {
  const rows = await q
    .select({ id: run.id })
    .from(run)
    .where(and(eq(run.dagId, dagId), inArray(run.state, ['running'])))
  return rows.map((row) => row.id)
}
