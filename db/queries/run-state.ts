/** The state of live runs: read whole, written by guarded statements under the run's row lock. Database time only. */
import { and, asc, eq, inArray, sql } from 'drizzle-orm'
import type { Spec } from '#server/domain/dag/spec.ts'
import type { ItemState } from '#server/domain/run/machine.ts'
import type { Reason, RunState } from '#server/domain/run/states.ts'
import type { Queryable } from '../client.ts'
import { dag, repository, run, taskRun, team, version } from '../schema/index.ts'

export interface RunRow {
  id: string
  dagId: string
  versionId: string
  state: RunState
  revision: number
  params: typeof run.$inferSelect.params
  trigger: string
  logicalDate: Date | null
  intervalStart: Date | null
  intervalEnd: Date | null
  cancelRequestedAt: Date | null
  startedAt: Date | null
}

const columns = {
  id: run.id,
  dagId: run.dagId,
  versionId: run.versionId,
  state: run.state,
  revision: run.revision,
  params: run.params,
  trigger: run.trigger,
  logicalDate: run.logicalDate,
  intervalStart: run.intervalStart,
  intervalEnd: run.intervalEnd,
  cancelRequestedAt: run.cancelRequestedAt,
  startedAt: run.startedAt,
}

/** Locks the run for the rest of the transaction: whoever advances it holds this. */
export async function lockRun(q: Queryable, runId: string): Promise<RunRow | null> {
  const [row] = await q.select(columns).from(run).where(eq(run.id, runId)).for('update')
  return row ?? null
}

export interface RunIdentity {
  spec: Spec
  number: number
  dag: string
  repository: string
  team: string
  teamId: string
}

/** What of a run never changes. */
export async function runIdentity(q: Queryable, runId: string): Promise<RunIdentity | null> {
  const [row] = await q
    .select({
      spec: version.spec,
      number: version.number,
      dag: dag.name,
      repository: repository.name,
      team: team.name,
      teamId: team.id,
    })
    .from(run)
    .innerJoin(version, eq(version.id, run.versionId))
    .innerJoin(dag, eq(dag.id, run.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .innerJoin(team, eq(team.id, repository.teamId))
    .where(eq(run.id, runId))
  return row ?? null
}

export type TaskRunRow = Omit<ItemState, 'dueAt'> & {
  id: string
  task: string
  index: number
  dueAt: Date | null
}

export async function taskRunRows(q: Queryable, runId: string): Promise<TaskRunRow[]> {
  const { id, task, index, state, reason, message, userFailures, infrastructureFailures, attempts, dueAt } =
    taskRun
  return q
    .select({
      id,
      task,
      index,
      state,
      reason,
      message,
      userFailures,
      infrastructureFailures,
      attempts,
      dueAt,
    })
    .from(taskRun)
    .where(eq(taskRun.runId, runId))
}

export interface TaskRunWrite {
  id: string
  from: string
  to: ItemState
}

/**
 * Writes new states, each only where the row is still in `from`. Two writes of one row in a list are merged before.
 * @returns how many rows were written; fewer than asked means somebody else wrote, and the transaction must be undone
 */
export async function writeTaskRuns(q: Queryable, writes: readonly TaskRunWrite[]): Promise<number> {
  if (writes.length === 0) return 0
  const rows = JSON.stringify(
    writes.map(({ id, from, to }) => ({
      id,
      from_state: from,
      state: to.state,
      reason: to.reason,
      message: to.message,
      due: to.dueAt,
      uf: to.userFailures,
      inf: to.infrastructureFailures,
      n: to.attempts,
    })),
  )
  const written = await q.execute(sql`
    update task_run t set
      state = w.state, reason = w.reason, message = w.message,
      due_at = case when w.due is null then null else to_timestamp(w.due / 1000.0) end,
      user_failures = w.uf, infrastructure_failures = w.inf, attempts = w.n,
      queued_at = case when w.state = 'queued' then clock_timestamp() else t.queued_at end,
      started_at = case when w.state = 'running' then coalesce(t.started_at, clock_timestamp()) else t.started_at end,
      ended_at = case when w.state in ('succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled') then clock_timestamp() end
    from jsonb_to_recordset(${rows}::jsonb) as w(id uuid, from_state task_run_state, state task_run_state, reason reason, message text, due double precision, uf int, inf int, n int)
    where t.id = w.id and t.state = w.from_state`)
  return written.count
}

/** Raises the revision, and moves the run's state if `change` says so. */
export async function writeRun(
  q: Queryable,
  runId: string,
  change: { to: RunState; reason: Reason | null } | null,
): Promise<void> {
  if (change === null) await q.execute(sql`update run set revision = revision + 1 where id = ${runId}`)
  else
    await q.execute(sql`
      update run set revision = revision + 1, state = ${change.to}, reason = ${change.reason},
        started_at = case when ${change.to} = 'running' then clock_timestamp() else started_at end,
        ended_at = case when ${change.to} in ('succeeded', 'failed', 'cancelled') then clock_timestamp() end
      where id = ${runId}`)
}

/** Runs that wait to be admitted, oldest first, with their limit. */
export async function queuedRuns(
  q: Queryable,
  limit: number,
): Promise<{ id: string; dagId: string; max: number; cancelled: boolean }[]> {
  return q
    .select({
      id: run.id,
      dagId: run.dagId,
      max: sql<number>`(${version.spec}->'limits'->>'max_active_runs')::int`,
      cancelled: sql<boolean>`${run.cancelRequestedAt} is not null`,
    })
    .from(run)
    .innerJoin(version, eq(version.id, run.versionId))
    .where(eq(run.state, 'queued'))
    .orderBy(asc(run.createdAt))
    .limit(limit)
}

export async function runningRunIds(q: Queryable): Promise<string[]> {
  return (await q.select({ id: run.id }).from(run).where(eq(run.state, 'running'))).map((row) => row.id)
}

/** Locks the DAG and counts its running runs: the place that limits are asked at. */
export async function runningRuns(q: Queryable, dagId: string): Promise<number> {
  await q.select({ id: dag.id }).from(dag).where(eq(dag.id, dagId)).for('update')
  const [row] = await q
    .select({ n: sql<number>`count(*)::int` })
    .from(run)
    .where(and(eq(run.dagId, dagId), eq(run.state, 'running')))
  return row?.n ?? 0
}

/** Task runs of a DAG that hold a place under `max_active_tasks`. Call with the DAG locked. */
export async function activeTasks(q: Queryable, dagId: string): Promise<number> {
  const [row] = await q
    .select({ n: sql<number>`count(*)::int` })
    .from(taskRun)
    .innerJoin(run, eq(run.id, taskRun.runId))
    .where(
      and(eq(run.dagId, dagId), eq(run.state, 'running'), inArray(taskRun.state, ['starting', 'running'])),
    )
  return row?.n ?? 0
}

/** Queued task runs, oldest first. They are claimed under their run's lock, not here. */
export async function queuedTaskRuns(q: Queryable, limit: number): Promise<{ id: string; runId: string }[]> {
  return q
    .select({ id: taskRun.id, runId: taskRun.runId })
    .from(taskRun)
    .where(eq(taskRun.state, 'queued'))
    .orderBy(asc(taskRun.queuedAt))
    .limit(limit)
}

/** Retries whose delay is over, and ms until the next one that is not (null without one). */
export async function dueRetries(
  q: Queryable,
): Promise<{ due: { id: string; runId: string }[]; nextMs: number | null }> {
  const rows = await q
    .select({
      id: taskRun.id,
      runId: taskRun.runId,
      ms: sql<number>`extract(epoch from ${taskRun.dueAt} - clock_timestamp())::float8 * 1000`,
    })
    .from(taskRun)
    .where(eq(taskRun.state, 'retrying'))
    .orderBy(asc(taskRun.dueAt))
    .limit(500)
  const later = rows.find((row) => row.ms > 0)
  return { due: rows.filter((row) => row.ms <= 0), nextMs: later?.ms ?? null }
}

/** Running runs that were asked to stop, or took longer than their version allows, and are not known to be stopping. */
export async function runsToStop(q: Queryable): Promise<{ id: string; why: 'cancel' | 'timeout' }[]> {
  const over = sql<boolean>`${run.startedAt} + make_interval(secs => (${version.spec}->'limits'->>'run_timeout')::float8 / 1000) < clock_timestamp()`
  const rows = await q
    .select({ id: run.id, cancelled: sql<boolean>`${run.cancelRequestedAt} is not null`, over })
    .from(run)
    .innerJoin(version, eq(version.id, run.versionId))
    .where(
      and(inArray(run.state, ['queued', 'running']), sql`(${run.cancelRequestedAt} is not null or ${over})`),
    )
  return rows.map((row) => ({ id: row.id, why: row.cancelled ? 'cancel' : 'timeout' }))
}

/** Asks for the end of a run; false when it has ended. The first one who asked stays on record. */
export async function requestCancel(q: Queryable, runId: string, userId: string | null): Promise<boolean> {
  const rows = await q
    .update(run)
    .set({
      cancelRequestedAt: sql`coalesce(${run.cancelRequestedAt}, clock_timestamp())`,
      cancelledBy: userId,
    })
    .where(and(eq(run.id, runId), inArray(run.state, ['queued', 'running'])))
    .returning({ id: run.id })
  return rows.length > 0
}
