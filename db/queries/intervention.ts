/** What people did to runs by hand. */
import { and, asc, eq, inArray, isNull, sql } from 'drizzle-orm'
import type { Mark } from '#server/domain/run/reuse.ts'
import type { TaskRunState } from '#server/domain/run/states.ts'
import type { Queryable } from '../client.ts'
import { intervention, run, taskRun, user, type Answer, type Deed } from '../schema/index.ts'

/** A task run by its place, locked until the transaction ends, after its run as whoever advances it does; null when there is none. */
export async function lockTaskRun(
  q: Queryable,
  runId: string,
  task: string,
  key: string | null,
): Promise<{ id: string; state: TaskRunState } | null> {
  await q.select({ id: run.id }).from(run).where(eq(run.id, runId)).for('key share')
  const sameKey = key === null ? isNull(taskRun.key) : eq(taskRun.key, key)
  const [row] = await q
    .select({ id: taskRun.id, state: taskRun.state })
    .from(taskRun)
    .where(and(eq(taskRun.runId, runId), eq(taskRun.task, task), sameKey))
    .for('update')
  return row ?? null
}

/** @returns false when the task run has an answer already */
export async function insertIntervention(
  q: Queryable,
  given: { runId: string; taskRunId: string; deed: Deed; userId: string | null; outcome: 'noted' | null },
): Promise<boolean> {
  const rows = await q
    .insert(intervention)
    .values(given)
    .onConflictDoNothing()
    .returning({ id: intervention.id })
  return rows.length > 0
}

export interface OpenIntervention {
  id: string
  runId: string
  taskRunId: string
  deed: Deed
  by: string
  at: Date
}

export async function openInterventions(q: Queryable): Promise<OpenIntervention[]> {
  return q
    .select({
      id: intervention.id,
      runId: intervention.runId,
      taskRunId: intervention.taskRunId,
      deed: intervention.deed,
      by: sql<string>`coalesce(${user.name}, '')`,
      at: intervention.createdAt,
    })
    .from(intervention)
    .leftJoin(user, eq(user.id, intervention.userId))
    .where(isNull(intervention.outcome))
    .orderBy(asc(intervention.createdAt))
    .limit(200)
}

/** @returns false when another scheduler has closed it */
export async function closeIntervention(
  q: Queryable,
  interventionId: string,
  outcome: 'applied' | 'too_late',
): Promise<boolean> {
  const rows = await q
    .update(intervention)
    .set({ outcome })
    .where(and(eq(intervention.id, interventionId), isNull(intervention.outcome)))
    .returning({ id: intervention.id })
  return rows.length > 0
}

export async function saveAnswer(q: Queryable, taskRunId: string, answer: Answer): Promise<void> {
  await q.update(taskRun).set({ answer }).where(eq(taskRun.id, taskRunId))
}

/** Newest mark of each task run that was over when it was marked. */
export async function notedMarks(q: Queryable, runId: string): Promise<Map<string, Mark>> {
  const rows = await q
    .select({ taskRunId: intervention.taskRunId, deed: intervention.deed })
    .from(intervention)
    .where(and(eq(intervention.runId, runId), eq(intervention.outcome, 'noted')))
    .orderBy(asc(intervention.createdAt))
  return new Map(rows.flatMap(({ taskRunId, deed }) => (deed.kind === 'mark' ? [[taskRunId, deed.as]] : [])))
}

/** The audit of runs, oldest first. */
export async function interventionsOf(q: Queryable, runIds: readonly string[]) {
  if (runIds.length === 0) return []
  return q
    .select({
      runId: intervention.runId,
      task: taskRun.task,
      key: taskRun.key,
      deed: intervention.deed,
      outcome: intervention.outcome,
      by: user.name,
      at: intervention.createdAt,
    })
    .from(intervention)
    .innerJoin(taskRun, eq(taskRun.id, intervention.taskRunId))
    .innerJoin(run, eq(run.id, intervention.runId))
    .leftJoin(user, eq(user.id, intervention.userId))
    .where(inArray(intervention.runId, [...runIds]))
    .orderBy(asc(intervention.createdAt))
}
