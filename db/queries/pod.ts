/** Attempts that run as pods, with what their handle says of those. */
import { and, eq, inArray, sql } from 'drizzle-orm'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { keptText, type Json } from '#server/domain/json.ts'
import type { Queryable } from '../client.ts'
import { liveChannel } from './live.ts'
import { attempt, dag, repository, run, taskRun, team } from '../schema/index.ts'

const live = ['created', 'submitted', 'running'] as const

const columns = {
  id: attempt.id,
  token: attempt.token,
  runId: attempt.runId,
  versionId: run.versionId,
  state: attempt.state,
  handle: attempt.handle,
  startedAt: sql<number | null>`extract(epoch from ${attempt.startedAt})::float8 * 1000`,
  now: sql<number>`extract(epoch from clock_timestamp())::float8 * 1000`,
}

export interface LiveAttempt {
  id: string
  token: string
  runId: string
  versionId: string
  state: 'created' | 'submitted' | 'running'
  handle: Record<string, Json>
  /** When it passed its start gate; ms since the epoch. */
  startedAt: number | null
  /** By the database's clock; ms since the epoch. */
  now: number
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

/** Tokens of live attempts of a worker whose run wants their end, as `heartbeat` tells it. */
export async function tokensToEnd(q: Queryable, workerId: string): Promise<string[]> {
  const stopping = sql`(${run.cancelRequestedAt} is not null or ${run.stopping} is not null)`
  const rows = await q
    .select({ token: attempt.token })
    .from(attempt)
    .innerJoin(run, eq(run.id, attempt.runId))
    .innerJoin(taskRun, eq(taskRun.id, attempt.taskRunId))
    .where(
      and(
        eq(attempt.workerId, workerId),
        inArray(attempt.state, [...live]),
        sql`(${taskRun.endedAt} is not null or (${stopping} and (${run.cancelForced} or not ${taskRun.cleanup})))`,
      ),
    )
  return rows.map(({ token }) => token)
}

/** Says of a live attempt what holds its pod back, or what is wrong with it; null: nothing does any more. */
export async function saveHeld(q: Queryable, token: string, words: string | null): Promise<void> {
  const held = sql`jsonb_build_object('held', ${words === null ? null : keptText(words)}::text)`
  await q.execute(sql`
    with said as (
      update attempt set handle = coalesce(handle, '{}'::jsonb) || ${held}
      where token = ${token} and state in ('created', 'submitted', 'running') returning run_id)
    select pg_notify(${liveChannel}, 'run:' || run_id) from said`)
}

/**
 * Adds to the handle of a live attempt. What is written once stays: a key that the handle has is not replaced.
 * @returns false when the attempt is over, or has such a key with another value
 */
export async function addToHandle(q: Queryable, token: string, more: Record<string, Json>): Promise<boolean> {
  // What a pod or a cluster says of itself may have characters that Postgres does not keep.
  const text = JSON.stringify(more, (_name, one: unknown) => (typeof one === 'string' ? keptText(one) : one))
  const added = sql`${text}::jsonb`
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

/** The team whose run it is; and the time, of the database, in ms since the epoch. */
export async function teamOfRun(
  q: Queryable,
  runId: string,
): Promise<{ id: string; name: string; now: number }> {
  const [row] = await q
    .select({ id: team.id, name: team.name, now: columns.now })
    .from(run)
    .innerJoin(dag, eq(dag.id, run.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .innerJoin(team, eq(team.id, repository.teamId))
    .where(eq(run.id, runId))
  if (row === undefined) throw new DagbokError('not_found', 'There is no such run.')
  return row
}

/** The name of each team, by its id. */
export async function teamsById(q: Queryable): Promise<Map<string, string>> {
  const rows = await q.select({ name: team.name, id: team.id }).from(team)
  return new Map(rows.map(({ name, id }) => [id, name]))
}

/** Names of all teams. */
export async function teamNames(q: Queryable): Promise<string[]> {
  const rows = await q.select({ name: team.name }).from(team)
  return rows.map(({ name }) => name)
}
