/** What is due: times that the core has set, and what people have asked for. Database time only. */
import { and, asc, inArray, isNotNull, isNull, sql, type SQL } from 'drizzle-orm'
import type { PgColumn } from 'drizzle-orm/pg-core'
import type { Queryable } from '../client.ts'
import { run, taskRun } from '../schema/index.ts'

export interface Due<Row> {
  due: Row[]
  /** ms until the next one that is not due; null without one. */
  nextMs: number | null
}

const msUntil = (column: PgColumn): SQL<number> =>
  sql<number>`(extract(epoch from ${column} - clock_timestamp()) * 1000)::float8`

function split<Row extends { ms: number }>(rows: Row[]): Due<Row> {
  const later = rows.find((row) => row.ms > 0)
  return { due: rows.filter((row) => row.ms <= 0), nextMs: later?.ms ?? null }
}

/** Items whose time has come: retries, looks of waits and polls, ends of queues and deadlines. */
export async function dueItems(q: Queryable): Promise<Due<{ id: string; runId: string }>> {
  const rows = await q
    .select({ id: taskRun.id, runId: taskRun.runId, ms: msUntil(taskRun.dueAt) })
    .from(taskRun)
    .where(and(isNotNull(taskRun.dueAt), isNull(taskRun.endedAt)))
    .orderBy(asc(taskRun.dueAt))
    .limit(500)
  return split(rows)
}

/** Runs whose time has come: in the queue, altogether, or for their clean-up. */
export async function dueRuns(q: Queryable): Promise<Due<{ id: string }>> {
  const rows = await q
    .select({ id: run.id, ms: msUntil(run.dueAt) })
    .from(run)
    .where(and(isNotNull(run.dueAt), inArray(run.state, ['queued', 'running'])))
    .orderBy(asc(run.dueAt))
    .limit(500)
  return split(rows)
}

/** Running runs whose end was asked for. */
export async function runsToEnd(q: Queryable): Promise<string[]> {
  const rows = await q
    .select({ id: run.id })
    .from(run)
    .where(and(inArray(run.state, ['queued', 'running']), isNotNull(run.cancelRequestedAt)))
  return rows.map((row) => row.id)
}
