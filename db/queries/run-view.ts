/** Runs as pages and the API show them. No list reads a spec or a log. */
import { and, asc, desc, eq, inArray, getTableColumns, isNotNull, lt, sql, type SQL } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { RunState } from '#server/domain/run/states.ts'
import type { Queryable } from '../client.ts'
import {
  attempt,
  backfill,
  dag,
  metric,
  output,
  repository,
  run,
  taskRun,
  team,
  user,
  value,
  version,
} from '../schema/index.ts'

const canceller = alias(user, 'canceller')
const parent = alias(run, 'parent')
/** The task run whose results another one has, and its run. */
const earlier = alias(taskRun, 'earlier')
const earlierRun = alias(run, 'earlier_run')

const columns = {
  id: run.id,
  number: run.number,
  dagId: run.dagId,
  teamId: team.id,
  team: team.name,
  repo: repository.name,
  dag: dag.name,
  versionId: version.id,
  versionNumber: version.number,
  commit: version.commitSha,
  subject: version.subject,
  author: version.authorName,
  committedAt: version.committedAt,
  state: run.state,
  reason: run.reason,
  message: run.message,
  cancelRequestedAt: run.cancelRequestedAt,
  cancelledBy: canceller.name,
  stopping: run.stopping,
  dueAt: run.dueAt,
  trigger: run.trigger,
  triggeredBy: user.name,
  forced: run.forced,
  params: run.params,
  verb: run.verb,
  parentId: run.parentId,
  parentNumber: parent.number,
  logicalDate: run.logicalDate,
  intervalStart: run.intervalStart,
  intervalEnd: run.intervalEnd,
  schedule: run.schedule,
  causes: run.causes,
  backfill: backfill.number,
  createdAt: run.createdAt,
  startedAt: run.startedAt,
  endedAt: run.endedAt,
}

const select = (q: Queryable) =>
  q
    .select(columns)
    .from(run)
    .innerJoin(version, eq(version.id, run.versionId))
    .innerJoin(dag, eq(dag.id, run.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .innerJoin(team, eq(team.id, repository.teamId))
    .leftJoin(user, eq(user.id, run.triggeredBy))
    .leftJoin(canceller, eq(canceller.id, run.cancelledBy))
    .leftJoin(backfill, eq(backfill.id, run.backfillId))
    .leftJoin(parent, eq(parent.id, run.parentId))
    .$dynamic()

export type RunViewRow = Awaited<ReturnType<typeof select>>[number]

export interface RunFilter {
  teamIds: readonly string[]
  dagId?: string
  state?: RunState
  versionNumber?: number
  /** Runs of one DAG before this number. */
  before?: number
  limit: number
}

/** Newest first. */
export async function listRuns(q: Queryable, filter: RunFilter): Promise<RunViewRow[]> {
  if (filter.teamIds.length === 0) return []
  const where: SQL[] = [inArray(team.id, [...filter.teamIds])]
  if (filter.dagId !== undefined) where.push(eq(run.dagId, filter.dagId))
  if (filter.state !== undefined) where.push(eq(run.state, filter.state))
  if (filter.versionNumber !== undefined) where.push(eq(version.number, filter.versionNumber))
  if (filter.before !== undefined) where.push(lt(run.number, filter.before))
  return select(q)
    .where(and(...where))
    .orderBy(desc(run.createdAt), desc(run.number))
    .limit(filter.limit)
}

export async function runsById(q: Queryable, ids: readonly string[]): Promise<RunViewRow[]> {
  if (ids.length === 0) return []
  return select(q).where(inArray(run.id, [...ids]))
}

export async function runByNumber(q: Queryable, dagId: string, number: number): Promise<string | null> {
  const [row] = await q
    .select({ id: run.id })
    .from(run)
    .where(and(eq(run.dagId, dagId), eq(run.number, number)))
  return row?.id ?? null
}

export async function taskRunsOf(q: Queryable, runIds: readonly string[]) {
  if (runIds.length === 0) return []
  return q
    .select({ ...getTableColumns(taskRun), earlierRun: earlierRun.number })
    .from(taskRun)
    .leftJoin(earlier, eq(earlier.id, taskRun.reusedFrom))
    .leftJoin(earlierRun, eq(earlierRun.id, earlier.runId))
    .where(inArray(taskRun.runId, [...runIds]))
    .orderBy(asc(taskRun.task), asc(taskRun.index))
}

/** All attempts of these runs, oldest first, with the size of their logs. */
export async function attemptsOf(q: Queryable, runIds: readonly string[]) {
  if (runIds.length === 0) return []
  return q
    .select({
      id: attempt.id,
      runId: attempt.runId,
      taskRunId: attempt.taskRunId,
      n: attempt.n,
      state: attempt.state,
      reason: attempt.reason,
      message: attempt.message,
      executor: attempt.executor,
      exitCode: attempt.exitCode,
      signal: attempt.signal,
      memoryPeak: attempt.memoryPeak,
      cpuSeconds: attempt.cpuSeconds,
      createdAt: attempt.createdAt,
      startedAt: attempt.startedAt,
      endedAt: attempt.endedAt,
      logBytes: sql<number>`(select coalesce(max(l.byte_offset + l.bytes), 0)::float8 from log_chunk l where l.attempt_id = ${attempt.id})`,
      logLines: sql<number>`(select coalesce(max(l.first_line + l.lines), 0)::float8 from log_chunk l where l.attempt_id = ${attempt.id})`,
    })
    .from(attempt)
    .where(inArray(attempt.runId, [...runIds]))
    .orderBy(asc(attempt.n))
}

/** Where a result stands: the run, the task, the item. What was taken from an earlier run stands in both. */
const place = {
  runId: taskRun.runId,
  attemptId: attempt.id,
  task: taskRun.task,
  key: taskRun.key,
  index: taskRun.index,
  n: attempt.n,
}
/** The attempts whose results a task run has. */
const itsAttempts = eq(attempt.taskRunId, sql`coalesce(${taskRun.reusedFrom}, ${taskRun.id})`)

/** Published outputs of these runs, by task and item. */
export async function outputsOf(q: Queryable, runIds: readonly string[]) {
  if (runIds.length === 0) return []
  const { name, path, hash, size, mediaType } = output
  return q
    .select({ ...place, name, path, hash, size, mediaType })
    .from(taskRun)
    .innerJoin(attempt, itsAttempts)
    .innerJoin(output, eq(output.attemptId, attempt.id))
    .where(inArray(taskRun.runId, [...runIds]))
    .orderBy(asc(taskRun.task), asc(taskRun.index), asc(name))
}

/** Metrics, also of attempts that failed; of one name in the order they were written. */
export async function metricsOf(q: Queryable, runIds: readonly string[]) {
  if (runIds.length === 0) return []
  const { seq, name, step, declared } = metric
  return q
    .select({ ...place, seq, name, step, value: metric.value, declared })
    .from(taskRun)
    .innerJoin(attempt, itsAttempts)
    .innerJoin(metric, eq(metric.attemptId, attempt.id))
    .where(inArray(taskRun.runId, [...runIds]))
    .orderBy(asc(taskRun.task), asc(taskRun.index), asc(attempt.n), asc(seq))
}

/** Values, also of attempts that failed, and those of answers. */
export async function valuesOf(q: Queryable, runIds: readonly string[]) {
  if (runIds.length === 0) return []
  const { name, declared } = value
  const left = await q
    .select({ ...place, name, value: value.value, declared })
    .from(taskRun)
    .innerJoin(attempt, itsAttempts)
    .innerJoin(value, eq(value.attemptId, attempt.id))
    .where(inArray(taskRun.runId, [...runIds]))
    .orderBy(asc(taskRun.task), asc(taskRun.index), asc(attempt.n), asc(name))
  const answered = await q
    .select({
      runId: taskRun.runId,
      task: taskRun.task,
      key: taskRun.key,
      index: taskRun.index,
      answer: taskRun.answer,
    })
    .from(taskRun)
    .where(and(inArray(taskRun.runId, [...runIds]), isNotNull(taskRun.answer)))
  const given = answered.flatMap(({ answer, ...at }) =>
    Object.entries(answer?.values ?? {}).map(([name, value]) => ({
      ...at,
      attemptId: null,
      n: 0,
      name,
      value: value,
      declared: true,
    })),
  )
  return [...left, ...given]
}

/** Whose attempt, for permission, and whether more of its log will come. */
export async function attemptOwner(q: Queryable, attemptId: string) {
  const [row] = await q
    .select({
      runId: attempt.runId,
      teamId: repository.teamId,
      ended: sql<boolean>`${attempt.endedAt} is not null`,
    })
    .from(attempt)
    .innerJoin(run, eq(run.id, attempt.runId))
    .innerJoin(dag, eq(dag.id, run.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .where(eq(attempt.id, attemptId))
  return row ?? null
}

export async function outputOfAttempt(q: Queryable, attemptId: string, name: string) {
  const [row] = await q
    .select({ path: output.path, hash: output.hash, size: output.size, mediaType: output.mediaType })
    .from(output)
    .where(and(eq(output.attemptId, attemptId), eq(output.name, name)))
  return row ?? null
}
