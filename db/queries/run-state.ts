/** The state of live runs: read whole, written by guarded statements under the run's row lock. Database time only. */
import { and, eq, inArray, sql, type SQL } from 'drizzle-orm'
import type { Spec } from '#server/domain/dag/spec.ts'
import { keptText, type Json } from '#server/domain/json.ts'
import type { Cause } from '#server/domain/run/cause.ts'
import type { ItemState, Stop } from '#server/domain/run/machine.ts'
import type { Reason, RunState } from '#server/domain/run/states.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { dag, repository, run, taskRun, team, version } from '../schema/index.ts'
import { liveChannel, wakeEnqueuers } from './live.ts'
import { noteSuccess } from './trigger.ts'

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
  /** Of a run that a schedule or a backfill made, and of what was made of that: the schedule's key. */
  schedule: string | null
  causes: Cause[]
  cancelRequestedAt: Date | null
  cancelForced: boolean
  stopping: Stop['why'] | null
  dueAt: Date | null
  startedAt: Date | null
  /** The database's clock when it was locked; ms since the epoch. */
  now: number
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
  schedule: run.schedule,
  causes: run.causes,
  cancelRequestedAt: run.cancelRequestedAt,
  cancelForced: run.cancelForced,
  stopping: run.stopping,
  dueAt: run.dueAt,
  now: sql<number>`(extract(epoch from clock_timestamp()) * 1000)::float8`,
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

export type TaskRunRow = Omit<ItemState, 'dueAt' | 'readyAt' | 'heldAt'> & {
  id: string
  task: string
  key: string | null
  index: number
  item: Json | null
  queue: string | null
  dueAt: Date | null
  readyAt: Date | null
  heldAt: Date | null
}

export async function taskRunRows(q: Queryable, runId: string): Promise<TaskRunRow[]> {
  const { id, task, key, index, item, queue, state, reason, message, attempts, dueAt, readyAt, heldAt } =
    taskRun
  const { userFailures, infrastructureFailures } = taskRun
  return q
    .select({
      id,
      task,
      key,
      index,
      item,
      queue,
      state,
      reason,
      message,
      userFailures,
      infrastructureFailures,
      attempts,
      dueAt,
      readyAt,
      heldAt,
    })
    .from(taskRun)
    .where(eq(taskRun.runId, runId))
    .orderBy(taskRun.index)
}

export interface TaskRunWrite {
  id: string
  from: string
  to: ItemState
}

/** @param now when they were decided: what was claimed as soon as it was queued has waited since then */
function updateOfTaskRuns(writes: readonly TaskRunWrite[], now: number): SQL {
  const rows = JSON.stringify(
    writes.map(({ id, from, to }) => ({
      id,
      from_state: from,
      state: to.state,
      reason: to.reason,
      message: keptText(to.message),
      due: to.dueAt,
      ready: to.readyAt,
      held: to.heldAt,
      uf: to.userFailures,
      inf: to.infrastructureFailures,
      n: to.attempts,
    })),
  )
  return sql`
    update task_run t set
      state = w.state, reason = w.reason, message = w.message,
      due_at = case when w.due is null then null else to_timestamp(w.due / 1000.0) end,
      ready_at = case when w.ready is null then null else to_timestamp(w.ready / 1000.0) end,
      held_at = case when w.held is null then null else to_timestamp(w.held / 1000.0) end,
      user_failures = w.uf, infrastructure_failures = w.inf, attempts = w.n,
      queued_at = case
        when w.state = 'queued' and w.from_state <> 'queued' then clock_timestamp()
        when w.state = 'starting' and w.from_state <> 'queued' then to_timestamp(${now}::float8 / 1000)
        else t.queued_at end,
      started_at = case when w.state = 'running' then coalesce(t.started_at, clock_timestamp()) else t.started_at end,
      ended_at = case when w.state in ('succeeded', 'failed', 'skipped', 'upstream_failed', 'cancelled') then clock_timestamp() end
    from jsonb_to_recordset(${rows}::jsonb) as w(id uuid, from_state task_run_state, state task_run_state, reason reason, message text, due double precision, ready double precision, held double precision, uf int, inf int, n int)
    where t.id = w.id and t.state = w.from_state`
}

/** What of a run's row its machine knows. */
export interface RunWrite {
  /** Its new state; null while it stays. */
  change: { to: RunState; reason: Reason | null } | null
  stop: Stop | null
  /** ms since the epoch. */
  dueAt: number | null
  /** Whether a task of it was claimed. */
  served: boolean
}

function updateOfRun(runId: string, { change, stop, dueAt, served }: RunWrite): SQL {
  const due = sql`case when ${dueAt}::float8 is null then null else to_timestamp(${dueAt}::float8 / 1000.0) end`
  const state =
    change === null
      ? sql``
      : sql`, state = ${change.to}, reason = ${change.reason},
        started_at = case when ${change.to} = 'cancelled' then started_at else coalesce(started_at, clock_timestamp()) end,
        ended_at = case when ${change.to} in ('succeeded', 'failed', 'cancelled') then clock_timestamp() end`
  return sql`
    update run set revision = revision + 1, served_at = case when ${served} then clock_timestamp() else served_at end, due_at = ${due}, stopping = ${stop?.why ?? null},
      cancel_forced = cancel_forced or ${stop?.forced === true}${state}
    where id = ${runId}`
}

export interface StateWrite {
  /** Each is written only where the row is still in `from`. Two writes of one row are merged before. */
  tasks: readonly TaskRunWrite[]
  /** null: it stays as it is. */
  run: RunWrite | null
  /** When it was decided, by the database's clock; ms since the epoch. */
  now: number
  /** What has changed (`announce`). */
  topics: readonly string[]
}

/**
 * Writes new states in one statement: of task runs, and of their run, whose revision it raises; with a success goes the
 * note for who waits for it.
 * @returns how many task runs were written; fewer than asked means somebody else wrote, and the transaction must be undone
 */
export async function writeState(
  q: Queryable,
  runId: string,
  { tasks, run: moved, now, topics }: StateWrite,
): Promise<number> {
  const notes = [...new Set(topics)].map((topic) => sql`, pg_notify(${liveChannel}, ${topic})`)
  const [row] = await rowsOf<{ written: number }>(
    q,
    sql`with tasks as (${updateOfTaskRuns(tasks, now)} returning 1)
      ${moved === null ? sql`` : sql`, moved as (${updateOfRun(runId, moved)})`}
      select (select count(*) from tasks)::int as written${sql.join(notes)}`,
  )
  if (moved?.change != null) {
    if (moved.change.to === 'succeeded') await noteSuccess(q, runId)
    await wakeEnqueuers(q, 'place')
  }
  return row?.written ?? 0
}

/** Gives a `map` its items: its one row becomes the first. @returns ids in the order of the items */
export async function expandTaskRun(
  q: Queryable,
  taskRunId: string,
  items: readonly { key: string; item: Json }[],
): Promise<string[]> {
  const list = JSON.stringify(items.map(({ key, item }, index) => ({ key, item, index })))
  await q.execute(sql`
    update task_run t set key = w.key, item = w.item
    from jsonb_to_recordset(${list}::jsonb) as w(key text, item jsonb, index int)
    where t.id = ${taskRunId} and w.index = 0`)
  const rows = await rowsOf<{ id: string; index: number }>(
    q,
    sql`
    insert into task_run (run_id, task, key, index, item, pool, queue, slots, priority, cleanup)
    select t.run_id, t.task, w.key, w.index, w.item, t.pool, t.queue, t.slots, t.priority, t.cleanup
    from task_run t, jsonb_to_recordset(${list}::jsonb) as w(key text, item jsonb, index int)
    where t.id = ${taskRunId} and w.index > 0
    returning id, index`,
  )
  const ids = [taskRunId]
  for (const { id, index } of rows) ids[index] = id
  return ids
}

export async function runningRunIds(q: Queryable): Promise<string[]> {
  return (await q.select({ id: run.id }).from(run).where(eq(run.state, 'running'))).map((row) => row.id)
}

/**
 * Asks for the end of a run; a second time, for its end without clean-up. The first one who asked stays on record.
 * @returns false when it has ended
 */
export async function requestCancel(q: Queryable, runId: string, userId: string | null): Promise<boolean> {
  const rows = await q
    .update(run)
    .set({
      cancelForced: sql`${run.cancelForced} or ${run.cancelRequestedAt} is not null`,
      cancelRequestedAt: sql`coalesce(${run.cancelRequestedAt}, clock_timestamp())`,
      cancelledBy: sql`coalesce(${run.cancelledBy}, ${userId}::uuid)`,
    })
    .where(and(eq(run.id, runId), inArray(run.state, ['queued', 'running'])))
    .returning({ id: run.id })
  return rows.length > 0
}
