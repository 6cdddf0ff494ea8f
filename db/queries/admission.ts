/** Runs that wait for their place, and the places there are. */
import { and, asc, eq, inArray, lte, or, sql, type SQL } from 'drizzle-orm'
import type { Others, Waiting } from '#server/domain/run/admission.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { dag, run, version } from '../schema/index.ts'

export type WaitingRun = Waiting & {
  id: string
  dagId: string
  versionId: string
  number: number
  /** Whether it was made to recover another one. */
  recovers: boolean
}

/**
 * Runs that wait to be admitted, oldest first: `most` of each version, since a long queue of one must not hide the others;
 * and those that may go before their turn.
 */
export async function waitingRuns(q: Queryable, most: number): Promise<WaitingRun[]> {
  const turn = q.$with('turn').as(
    q
      .select({
        id: run.id,
        n: sql<number>`row_number() over (partition by ${run.versionId} order by ${run.number})`.as('n'),
      })
      .from(run)
      .where(eq(run.state, 'queued')),
  )
  return q
    .with(turn)
    .select({
      id: run.id,
      dagId: run.dagId,
      versionId: run.versionId,
      number: run.number,
      forced: run.forced,
      recovers: sql<boolean>`${run.verb} is not distinct from 'recover'`,
      max: sql<number>`(${version.spec}->'limits'->>'max_active_runs')::int`,
      strategy: sql<Waiting['strategy']>`coalesce(${version.spec}->'limits'->>'strategy', 'parallel')`,
    })
    .from(run)
    .innerJoin(turn, eq(turn.id, run.id))
    .innerJoin(version, eq(version.id, run.versionId))
    .where(or(lte(turn.n, most), run.forced, eq(run.verb, 'recover')))
    .orderBy(asc(run.createdAt))
}

/** Locks the DAG: the place that its limits are asked at. */
export async function lockDag(q: Queryable, dagId: string): Promise<void> {
  await q.select({ id: dag.id }).from(dag).where(eq(dag.id, dagId)).for('update')
}

/** Whether somebody said afterwards of each task run that failed in a run that it counts as something else. */
const wasMarked = (runId: SQL) => sql`(
  exists (select from intervention i where i.run_id = ${runId} and i.outcome = 'noted' and i.deed->>'as' <> 'failed')
  and not exists (
    select from task_run t where t.run_id = ${runId} and t.state = 'failed' and coalesce((
      select i.deed->>'as' from intervention i where i.task_run_id = t.id and i.outcome = 'noted' and i.deed->>'kind' = 'mark'
      order by i.created_at desc limit 1), 'failed') = 'failed'))`

/** With `last`, the run of a DAG that ended last before `number`, and `tried`, that one and all that recovered it. */
const lastTried = (dagId: SQL, number: SQL) => sql`
  with recursive last as (
    select x.id, x.number, x.state from run x
    where x.dag_id = ${dagId} and x.state in ('succeeded', 'failed') and x.number < ${number}
      and x.verb is distinct from 'recover'
    order by x.number desc limit 1
  ), tried as (
    select id, state from last
    union select again.id, again.state from run again join tried on again.parent_id = tried.id
    where again.verb = 'recover'
  )`

/** Number of the run that ended last before `number`, if it failed and was neither recovered nor marked; else null. */
export const failedBefore = (dagId: SQL, number: SQL): SQL => sql`(${lastTried(dagId, number)}
  select last.number from last where last.state = 'failed' and not exists (
    select from tried where tried.state = 'succeeded' or (tried.state = 'failed' and ${wasMarked(sql`tried.id`)})))`

/** Whether the run `id` recovers the one that ended last before it. */
export const recoversLast = (dagId: SQL, number: SQL, id: SQL): SQL => sql`(${lastTried(dagId, number)}
  select count(*) > 0 from tried where tried.id = ${id})`

/**
 * Whether a run `other` is one of the active ones that a waiting run's strategy asks for: `max_active_runs` bounds the runs
 * of its own version, all else is about the DAG.
 */
export const takesPlace = (other: SQL, strategy: SQL, versionId: SQL): SQL =>
  sql`${other}.state = 'running' and (${strategy} <> 'parallel' or ${other}.version_id = ${versionId})`

/** What else there is of a run's DAG. Call with the DAG locked. */
export async function othersOf(q: Queryable, waiting: WaitingRun): Promise<Others> {
  const { id, dagId, versionId, number, strategy } = waiting
  const [row] = await rowsOf<{
    active: number
    older: boolean
    newer: boolean
    failed_before: boolean
    recovers: boolean
  }>(
    q,
    sql`
    select
      count(*) filter (where ${takesPlace(sql`run`, sql`${strategy}::text`, sql`${versionId}::uuid`)})::int as active,
      coalesce(bool_or(state = 'queued' and number < ${number}), false) as older,
      coalesce(bool_or(state = 'queued' and number > ${number}), false) as newer,
      ${failedBefore(sql`${dagId}`, sql`${number}`)} is not null as failed_before,
      ${recoversLast(sql`${dagId}`, sql`${number}`, sql`${id}`)} as recovers
    from run where dag_id = ${dagId} and state in ('queued', 'running') and id <> ${id}`,
  )
  return {
    active: row?.active ?? 0,
    older: row?.older ?? false,
    newer: row?.newer ?? false,
    failedBefore: row?.failed_before ?? false,
    recovers: row?.recovers ?? false,
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
