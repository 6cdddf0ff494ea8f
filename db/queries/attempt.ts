/** Attempts: every write carries the fencing token; zero rows means that somebody else decided meanwhile. */
import { and, eq, inArray, isNotNull, ne, sql } from 'drizzle-orm'
import { keptText, type Json } from '#server/domain/json.ts'
import type { Given } from '#server/domain/run/attempt-record.ts'
import type { AttemptKind, Reason } from '#server/domain/run/states.ts'
import type { Queryable } from '../client.ts'
import { attempt, metric, output, run, taskRun, value, worker } from '../schema/index.ts'
import { notePublication } from './trigger.ts'

const live = ['created', 'submitted', 'running'] as const
type Record_ = Record<string, Json>

export interface NewAttempt {
  taskRunId: string
  runId: string
  n: number
  kind: AttemptKind
  token: string
  /** What its task asks for; who carried it out is its worker: the pool's, or the product's own. */
  executor: string
  workerId: string
}

const leaseOf = (ms: number) => sql`clock_timestamp() + make_interval(secs => ${ms / 1000})`

/** @param leaseMs what its lease is good for without a heartbeat */
export async function insertAttempt(q: Queryable, given: NewAttempt, leaseMs: number): Promise<string> {
  const [row] = await q
    .insert(attempt)
    // The time of the claim, not that at which its transaction began: it may have waited for a lock.
    .values({ ...given, leaseUntil: leaseOf(leaseMs), createdAt: sql`clock_timestamp()` })
    .returning({ id: attempt.id })
  if (row === undefined) throw new Error('an insert gave no row')
  return row.id
}

/** What the attempt was given, as rendered. */
export async function saveRecord(q: Queryable, attemptId: string, record: Given): Promise<void> {
  await q.update(attempt).set({ record }).where(eq(attempt.id, attemptId))
}

export async function markSubmitted(q: Queryable, token: string, handle: Record_): Promise<boolean> {
  const rows = await q
    .update(attempt)
    .set({ state: 'submitted', handle, submittedAt: sql`clock_timestamp()` })
    .where(and(eq(attempt.token, token), eq(attempt.state, 'created')))
    .returning({ id: attempt.id })
  return rows.length > 0
}

/**
 * The compare-and-set of the start gate. Of a pod (handle: `uid`, `ending`) it is shut for any other UID than the one that is written,
 * and once it is written as what the pod is being ended; what else was written meanwhile stays. Whoever asks is alive: its lease lasts `leaseMs` from now at least.
 * @param record what it was given, where that is not kept yet
 */
export async function markRunning(
  q: Queryable,
  token: string,
  { handle, record }: { handle: Record_; record: Given | null },
  leaseMs: number,
): Promise<boolean> {
  const rows = await q
    .update(attempt)
    .set({
      state: 'running',
      handle: sql`coalesce(${attempt.handle}, '{}'::jsonb) || ${JSON.stringify(handle)}::jsonb`,
      ...(record === null ? {} : { record }),
      submittedAt: sql`coalesce(${attempt.submittedAt}, clock_timestamp())`,
      startedAt: sql`clock_timestamp()`,
      leaseUntil: sql`greatest(${attempt.leaseUntil}, ${leaseOf(leaseMs)})`,
    })
    .where(
      and(
        eq(attempt.token, token),
        inArray(attempt.state, ['created', 'submitted']),
        sql`${attempt.handle} -> 'ending' is null`,
        sql`coalesce(${attempt.handle} ->> 'uid', ${handle['uid'] ?? ''}) = ${handle['uid'] ?? ''}`,
      ),
    )
    .returning({ id: attempt.id })
  return rows.length > 0
}

export interface AttemptKey {
  id: string
  runId: string
  taskRunId: string
}

/** Whose attempt this token is, while it lives. */
export async function findLiveAttempt(q: Queryable, token: string): Promise<AttemptKey | null> {
  const [row] = await q
    .select({ id: attempt.id, runId: attempt.runId, taskRunId: attempt.taskRunId })
    .from(attempt)
    .where(and(eq(attempt.token, token), inArray(attempt.state, [...live])))
  return row ?? null
}

export interface AttemptEndRow {
  state: 'succeeded' | 'failed' | 'lost' | 'cancelled'
  reason: Reason | null
  message: string | null
  exitCode: number | null
  signal: string | null
  memoryPeak: number | null
  cpuSeconds: number | null
}

/**
 * Ends a live attempt; false when it is over, or another token's.
 * @param record as of `markRunning`
 */
export async function endAttempt(
  q: Queryable,
  token: string,
  end: AttemptEndRow,
  record: Given | null = null,
): Promise<boolean> {
  const rows = await q
    .update(attempt)
    .set({
      ...end,
      ...(record === null ? {} : { record }),
      message: keptText(end.message),
      endedAt: sql`clock_timestamp()`,
      leaseUntil: null,
    })
    .where(and(eq(attempt.token, token), inArray(attempt.state, [...live])))
    .returning({ id: attempt.id })
  return rows.length > 0
}

export interface AttemptResults {
  outputs: Omit<typeof output.$inferInsert, 'attemptId'>[]
  metrics: Omit<typeof metric.$inferInsert, 'attemptId' | 'seq'>[]
  values: Omit<typeof value.$inferInsert, 'attemptId'>[]
}

/** Publishes what an attempt left, in the transaction that ends it (R13). */
export async function insertResults(q: Queryable, attemptId: string, results: AttemptResults): Promise<void> {
  if (results.outputs.length > 0) {
    await q.insert(output).values(results.outputs.map((one) => ({ attemptId, ...one })))
    await notePublication(q, attemptId)
  }
  // A statement takes 65,535 values.
  for (let at = 0; at < results.metrics.length; at += 5000)
    await q
      .insert(metric)
      .values(results.metrics.slice(at, at + 5000).map((one, i) => ({ attemptId, seq: at + i, ...one })))
  for (let at = 0; at < results.values.length; at += 5000)
    await q.insert(value).values(results.values.slice(at, at + 5000).map((one) => ({ attemptId, ...one })))
}

/**
 * Prolongs leases of live attempts by so many seconds from now.
 * @returns by token whether the run wants its end; clean-up goes on until its run is forced to end. Missing tokens were fenced
 */
export async function heartbeat(
  q: Queryable,
  tokens: readonly string[],
  leaseMs: number,
): Promise<Map<string, 'go_on' | 'cancel'>> {
  if (tokens.length === 0) return new Map()
  const stopping = sql`(${run.cancelRequestedAt} is not null or ${run.stopping} is not null)`
  const rows = await q
    .update(attempt)
    .set({ leaseUntil: leaseOf(leaseMs) })
    .from(run)
    .innerJoin(taskRun, eq(taskRun.runId, run.id))
    .where(
      and(
        inArray(attempt.token, [...tokens]),
        inArray(attempt.state, [...live]),
        eq(run.id, attempt.runId),
        eq(taskRun.id, attempt.taskRunId),
      ),
    )
    .returning({
      token: attempt.token,
      ends: sql<boolean>`${taskRun.endedAt} is not null or (${stopping} and (${run.cancelForced} or not ${taskRun.cleanup}))`,
    })
  return new Map(rows.map((row) => [row.token, row.ends ? 'cancel' : 'go_on']))
}

export interface LostAttempt {
  token: string
  attemptId: string
  state: 'created' | 'submitted' | 'running'
  handle: Record_ | null
}

/** Live attempts of workers on this host that are not `workerId`: left behind by an earlier life. */
export async function attemptsOfEarlierLives(
  q: Queryable,
  host: string,
  workerId: string,
): Promise<LostAttempt[]> {
  const rows = await q
    .select({ token: attempt.token, attemptId: attempt.id, state: attempt.state, handle: attempt.handle })
    .from(attempt)
    .innerJoin(worker, eq(worker.id, attempt.workerId))
    .where(and(inArray(attempt.state, [...live]), eq(worker.host, host), ne(worker.id, workerId)))
  return rows.flatMap((row) =>
    row.state === 'created' || row.state === 'submitted' || row.state === 'running'
      ? [{ ...row, state: row.state }]
      : [],
  )
}

/** Live attempts whose lease is over: their worker is gone, or cannot reach the database. */
export async function expiredAttempts(q: Queryable): Promise<{ token: string; runId: string }[]> {
  return q
    .select({ token: attempt.token, runId: attempt.runId })
    .from(attempt)
    .where(and(inArray(attempt.state, [...live]), sql`${attempt.leaseUntil} < clock_timestamp()`))
    .orderBy(attempt.leaseUntil)
    .limit(500)
}

/** The attempt whose results a task run has: its own, or that of the earlier run it was taken from. */
const resultsOf = sql`${attempt.taskRunId} = coalesce(${taskRun.reusedFrom}, ${taskRun.id}) and ${attempt.state} = 'succeeded'`

/** Values of tasks that have ended, by task and item: what attempts left, and what people answered. */
export async function valuesOfRun(
  q: Queryable,
  runId: string,
  tasks: readonly string[],
): Promise<{ task: string; index: number; name: string; value: Json | null }[]> {
  if (tasks.length === 0) return []
  const wanted = and(eq(taskRun.runId, runId), inArray(taskRun.task, [...tasks]))
  const left = await q
    .select({ task: taskRun.task, index: taskRun.index, name: value.name, value: value.value })
    .from(taskRun)
    .innerJoin(attempt, resultsOf)
    .innerJoin(value, eq(value.attemptId, attempt.id))
    .where(wanted)
  const answered = await q
    .select({ task: taskRun.task, index: taskRun.index, answer: taskRun.answer })
    .from(taskRun)
    .where(and(wanted, isNotNull(taskRun.answer)))
  return [
    ...left,
    ...answered.flatMap(({ task, index, answer }) =>
      Object.entries(answer?.values ?? {}).map(([name, given]) => ({ task, index, name, value: given })),
    ),
  ]
}

/** Published outputs of one task, all its items. */
export async function outputsOfTask(
  q: Queryable,
  runId: string,
  task: string,
  name: string,
): Promise<{ key: string | null; index: number; path: string; hash: string; size: number }[]> {
  const { path, hash, size } = output
  return q
    .select({ key: taskRun.key, index: taskRun.index, path, hash, size })
    .from(taskRun)
    .innerJoin(attempt, resultsOf)
    .innerJoin(output, eq(output.attemptId, attempt.id))
    .where(and(eq(taskRun.runId, runId), eq(taskRun.task, task), eq(output.name, name)))
    .orderBy(taskRun.index)
}
