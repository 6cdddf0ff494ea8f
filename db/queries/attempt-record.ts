/** All that is kept of one attempt. */
import { and, asc, eq, isNull, sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'
import { attempt, metric, output, taskRun, value, worker } from '../schema/index.ts'

/** An attempt by its place, with its worker; null when there is none. */
export async function findAttempt(
  q: Queryable,
  at: { runId: string; task: string; key: string | null; n: number },
) {
  const [row] = await q
    .select({
      attempt,
      host: worker.host,
      pid: worker.pid,
      logBytes: sql<number>`(select coalesce(max(l.byte_offset + l.bytes), 0)::float8 from log_chunk l where l.attempt_id = ${attempt.id})`,
      logLines: sql<number>`(select coalesce(max(l.first_line + l.lines), 0)::float8 from log_chunk l where l.attempt_id = ${attempt.id})`,
    })
    .from(attempt)
    .innerJoin(taskRun, eq(taskRun.id, attempt.taskRunId))
    .leftJoin(worker, eq(worker.id, attempt.workerId))
    .where(
      and(
        eq(taskRun.runId, at.runId),
        eq(taskRun.task, at.task),
        at.key === null ? isNull(taskRun.key) : eq(taskRun.key, at.key),
        eq(attempt.n, at.n),
      ),
    )
  return row ?? null
}
export type AttemptRow = NonNullable<Awaited<ReturnType<typeof findAttempt>>>

/** What one attempt left. */
export async function resultsOfAttempt(q: Queryable, attemptId: string) {
  const [outputs, metrics, values] = await Promise.all([
    q.select().from(output).where(eq(output.attemptId, attemptId)).orderBy(asc(output.name)),
    q.select().from(metric).where(eq(metric.attemptId, attemptId)).orderBy(asc(metric.seq)),
    q.select().from(value).where(eq(value.attemptId, attemptId)).orderBy(asc(value.name)),
  ])
  return { outputs, metrics, values }
}
