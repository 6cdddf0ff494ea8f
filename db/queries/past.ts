/** What earlier and other runs tell about a run that is going on. */
import { and, eq, isNotNull, sql, type SQL } from 'drizzle-orm'
import type { DatedRun } from '#server/domain/run/awaited.ts'
import type { RunState } from '#server/domain/run/states.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { dag, repository, run, taskRun, version } from '../schema/index.ts'
import type { RunRow } from './run-state.ts'

export type Dated = Pick<RunRow, 'dagId' | 'schedule' | 'logicalDate'>

async function holds(q: Queryable, query: SQL): Promise<boolean> {
  const [row] = await rowsOf<{ yes: boolean }>(q, sql`select (${query}) as yes`)
  return row?.yes === true
}

/** Whether the schedule of a scheduled run has fired a newer tick, or holds at `next`, its tick after the run's. */
export async function newerTick(
  q: Queryable,
  { dagId, schedule, logicalDate }: Dated,
  next: Date,
): Promise<boolean> {
  if (schedule === null || logicalDate === null) return false
  return holds(
    q,
    sql`exists (
        select from run where dag_id = ${dagId} and trigger = 'schedule' and schedule = ${schedule}
          and logical_date > ${logicalDate.toISOString()})
      or exists (
        select from dag_schedule where dag_id = ${dagId} and key = ${schedule}
          and (until is null or until >= ${next.toISOString()}))`,
  )
}

/**
 * Whether a run `r` is one of a schedule: a run of no schedule counts for each, and all count for it; so does a run of a
 * schedule that its DAG has no more, since whoever changes a cron or a start goes on with the same past.
 */
export const ofSchedule = (schedule: string | null): SQL =>
  sql`(${schedule}::text is null or r.schedule is null or r.schedule = ${schedule} or not exists (
    select from dag_schedule other where other.dag_id = r.dag_id and other.key = r.schedule and other.until is null))`

/** The logical date before that of a run, of its own schedule; null: it is the first. */
export const dateBefore = ({ dagId, schedule }: Dated, logicalDate: Date): SQL => sql`(
  select max(r.logical_date) from run r
  where r.dag_id = ${dagId} and ${ofSchedule(schedule)} and r.logical_date < ${logicalDate.toISOString()})`

/**
 * Whether a task succeeded, or was skipped, in a run of its schedule of the logical date before this one's; true when
 * there is none. A run that was run again counts by the one that went well.
 */
export async function pastHolds(q: Queryable, dated: Dated, task: string): Promise<boolean> {
  const { dagId, schedule, logicalDate } = dated
  if (logicalDate === null) return true
  const before = dateBefore(dated, logicalDate)
  return holds(
    q,
    sql`${before} is null or exists (
      select from run r where r.dag_id = ${dagId} and ${ofSchedule(schedule)} and r.logical_date = ${before}
        and not exists (
          select from task_run t where t.run_id = r.id and t.task = ${task} and t.state not in ('succeeded', 'skipped')))`,
  )
}

/** Items of running runs of a DAG that a run before holds back. */
export async function heldItems(q: Queryable, dagId: string): Promise<{ id: string; runId: string }[]> {
  return q
    .select({ id: taskRun.id, runId: taskRun.runId })
    .from(taskRun)
    .innerJoin(run, eq(run.id, taskRun.runId))
    .where(
      and(
        eq(run.dagId, dagId),
        eq(run.state, 'running'),
        eq(taskRun.state, 'waiting'),
        isNotNull(taskRun.heldAt),
      ),
    )
}

/** Items of running runs of a team with this logical date that wait, in versions of which a task waits for `REPOSITORY/DAG`. */
export async function waitingItems(
  q: Queryable,
  { teamId, dag: name, logicalDate }: { teamId: string; dag: string; logicalDate: Date },
): Promise<{ id: string; runId: string }[]> {
  return q
    .select({ id: taskRun.id, runId: taskRun.runId })
    .from(taskRun)
    .innerJoin(run, eq(run.id, taskRun.runId))
    .innerJoin(version, eq(version.id, run.versionId))
    .innerJoin(dag, eq(dag.id, run.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .where(
      and(
        eq(repository.teamId, teamId),
        eq(run.logicalDate, logicalDate),
        eq(run.state, 'running'),
        eq(taskRun.state, 'waiting'),
        isNotNull(taskRun.readyAt),
        isNotNull(taskRun.dueAt),
        sql`${version.spec} @> ${JSON.stringify({ tasks: [{ action: { for: { dag: name } } }] })}::jsonb`,
      ),
    )
}

/** The runs of `REPOSITORY/DAG` with this logical date, newest first. */
export async function runsOfDate(
  q: Queryable,
  wanted: { teamId: string; dag: string; logicalDate: Date },
): Promise<DatedRun[]> {
  const [repo = '', name = ''] = wanted.dag.split('/')
  const rows = await rowsOf<{ number: number; state: RunState }>(
    q,
    sql`
    select r.number, r.state::text as state
    from run r join dag d on d.id = r.dag_id join repository p on p.id = d.repository_id
    where p.team_id = ${wanted.teamId} and p.name = ${repo} and d.name = ${name}
      and r.logical_date = ${wanted.logicalDate.toISOString()}
    order by r.number desc`,
  )
  return [...rows]
}
