/** Attempts that run as pods, with what their handle says of those. */
import { and, eq, inArray, sql } from 'drizzle-orm'
import type { Json } from '#server/domain/json.ts'
import type { Queryable } from '../client.ts'
import { attempt, run } from '../schema/index.ts'

const live = ['created', 'submitted', 'running'] as const

const columns = {
  id: attempt.id,
  token: attempt.token,
  runId: attempt.runId,
  versionId: run.versionId,
  state: attempt.state,
  handle: attempt.handle,
}

export interface LiveAttempt {
  id: string
  token: string
  runId: string
  versionId: string
  state: 'created' | 'submitted' | 'running'
  handle: Record<string, Json>
}

type Row = Omit<LiveAttempt, 'handle' | 'state'> & { state: string; handle: Record<string, Json> | null }

const liveOf = (row: Row): LiveAttempt => ({
  ...row,
  state: row.state as LiveAttempt['state'],
  handle: row.handle ?? {},
})

/** An attempt by its id, while it lives. */
export async function liveAttempt(q: Queryable, id: string): Promise<LiveAttempt | null> {
  const [row] = await q
    .select(columns)
    .from(attempt)
    .innerJoin(run, eq(run.id, attempt.runId))
    .where(and(eq(attempt.id, id), inArray(attempt.state, [...live])))
  return row === undefined ? null : liveOf(row)
}

/** All live attempts of a worker. */
export async function liveAttemptsOf(q: Queryable, workerId: string): Promise<LiveAttempt[]> {
  const rows = await q
    .select(columns)
    .from(attempt)
    .innerJoin(run, eq(run.id, attempt.runId))
    .where(and(eq(attempt.workerId, workerId), inArray(attempt.state, [...live])))
  return rows.map(liveOf)
}

/**
 * Adds to the handle of a live attempt. What is written once stays: a key that the handle has is not replaced.
 * @returns false when the attempt is over, or has such a key with another value
 */
export async function addToHandle(q: Queryable, token: string, more: Record<string, Json>): Promise<boolean> {
  const added = sql`${JSON.stringify(more)}::jsonb`
  const rows = await q
    .update(attempt)
    .set({ handle: sql`${added} || coalesce(${attempt.handle}, '{}'::jsonb)` })
    .where(
      and(
        eq(attempt.token, token),
        inArray(attempt.state, [...live]),
        // Nothing of it would be replaced.
        sql`(${added} || coalesce(${attempt.handle}, '{}'::jsonb)) @> ${added}`,
      ),
    )
    .returning({ id: attempt.id })
  return rows.length > 0
}
