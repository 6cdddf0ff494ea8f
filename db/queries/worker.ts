/** Workers: the product's own, and those of the pool with their tokens. Database time only. */
import { and, desc, eq, inArray, isNotNull, isNull, ne, sql } from 'drizzle-orm'
import { keptText } from '#server/domain/json.ts'
import type { ClusterReport } from '#server/domain/pod/cluster-report.ts'
import type { FullDisk } from '#server/domain/space.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { attempt, run, user, worker, workerToken } from '../schema/index.ts'
import type { LostAttempt } from './attempt.ts'

/** The queue of a task of the pool that names none. */
export const defaultQueue = 'default'

/** What a task run's row calls its queue. */
export const queueKey = (teamId: string, name: string): string => `${teamId}/${name}`

/** The name in such a key. */
export const nameOfQueue = (key: string): string => key.slice(key.indexOf('/') + 1)

/** Seconds without a word after which a worker is not counted on any more. */
const silentSeconds = 60

export interface NewWorker {
  id: string
  host: string
  pid: number
  tokenId?: string | null
  queues?: readonly string[]
  slots?: number
}

export async function registerWorker(q: Queryable, given: NewWorker): Promise<void> {
  await q
    .insert(worker)
    .values({ ...given, queues: [...(given.queues ?? [])] })
    .onConflictDoNothing()
}

export async function workerStopped(q: Queryable, id: string): Promise<void> {
  await q
    .update(worker)
    .set({ stoppedAt: sql`now()` })
    .where(and(eq(worker.id, id), isNull(worker.stoppedAt)))
}

/** Says that a worker is there. @param full its disk that refuses new work */
export async function workerAlive(q: Queryable, id: string, full: FullDisk | null = null): Promise<void> {
  await q
    .update(worker)
    .set({ heartbeatAt: sql`clock_timestamp()`, fullDisk: full })
    .where(and(eq(worker.id, id), isNull(worker.stoppedAt)))
}

/** Says what was found of its cluster. */
export async function tellCluster(q: Queryable, id: string, report: ClusterReport): Promise<void> {
  const pools = Object.entries(report.pools ?? {}).map(([queue, one]): [string, typeof one] => [
    queue,
    { ...one, image: keptText(one.image), held: keptText(one.held) },
  ])
  const kept = { ...report, fault: keptText(report.fault), pools: Object.fromEntries(pools) }
  await q.update(worker).set({ cluster: kept }).where(eq(worker.id, id))
}

/** By queue, what was found of the clusters that somebody looks after. */
export async function clusterReports(q: Queryable): Promise<Map<string, { report: ClusterReport | null }>> {
  const rows = await q
    .select({ queues: worker.queues, report: worker.cluster })
    .from(worker)
    .where(
      and(
        isNull(worker.tokenId),
        isNull(worker.stoppedAt),
        sql`${worker.heartbeatAt} > clock_timestamp() - make_interval(secs => ${silentSeconds})`,
      ),
    )
  return new Map(rows.flatMap(({ queues, report }) => queues.map((queue) => [queue, { report }] as const)))
}

export async function workerDrains(q: Queryable, id: string): Promise<void> {
  await q
    .update(worker)
    .set({ drainingAt: sql`clock_timestamp()` })
    .where(and(eq(worker.id, id), isNull(worker.drainingAt)))
}

export interface KnownWorker {
  id: string
  host: string
  queues: string[]
  draining: boolean
  /** Its disk that refused new work when it was heard last. */
  full: FullDisk | null
}

/** A worker that came with this token and was not stopped. */
export async function findWorker(q: Queryable, id: string, tokenId: string): Promise<KnownWorker | null> {
  const { id: own, host, queues, drainingAt: at, fullDisk: full } = worker
  const [row] = await q
    .select({ id: own, host, queues, drainingAt: at, full })
    .from(worker)
    .where(and(eq(worker.id, id), eq(worker.tokenId, tokenId), isNull(worker.stoppedAt)))
  if (row === undefined) return null
  const { drainingAt, ...known } = row
  return { ...known, draining: drainingAt !== null }
}

const live = ['created', 'submitted', 'running'] as const

/**
 * Hands live attempts of earlier lives of a worker (same host, same token) to its new life, so that it can end them.
 * Those earlier lives are over from now on.
 */
export async function inheritAttempts(
  q: Queryable,
  heir: { id: string; host: string; tokenId: string },
): Promise<LostAttempt[]> {
  const earlier = await q
    .update(worker)
    .set({ stoppedAt: sql`now()` })
    .where(
      and(
        eq(worker.host, heir.host),
        eq(worker.tokenId, heir.tokenId),
        ne(worker.id, heir.id),
        isNull(worker.stoppedAt),
      ),
    )
    .returning({ id: worker.id })
  if (earlier.length === 0) return []
  const rows = await q
    .update(attempt)
    .set({ workerId: heir.id })
    .where(
      and(
        inArray(
          attempt.workerId,
          earlier.map(({ id }) => id),
        ),
        inArray(attempt.state, [...live]),
      ),
    )
    .returning({
      token: attempt.token,
      attemptId: attempt.id,
      state: attempt.state,
      handle: attempt.handle,
    })
  return rows.flatMap((row) =>
    row.state === 'created' || row.state === 'submitted' || row.state === 'running'
      ? [{ ...row, state: row.state }]
      : [],
  )
}

/** The live attempt of this token, if this worker holds it. */
export async function attemptOfWorker(q: Queryable, token: string, workerId: string) {
  const [row] = await q
    .select({
      id: attempt.id,
      runId: attempt.runId,
      versionId: run.versionId,
      state: attempt.state,
      handle: attempt.handle,
    })
    .from(attempt)
    .innerJoin(run, eq(run.id, attempt.runId))
    .where(and(eq(attempt.token, token), eq(attempt.workerId, workerId), inArray(attempt.state, [...live])))
  return row ?? null
}

/** Tokens among these of live attempts that this worker holds. */
export async function tokensOfWorker(
  q: Queryable,
  tokens: readonly string[],
  workerId: string,
): Promise<string[]> {
  if (tokens.length === 0) return []
  const rows = await q
    .select({ token: attempt.token })
    .from(attempt)
    .where(
      and(
        inArray(attempt.token, [...tokens]),
        eq(attempt.workerId, workerId),
        inArray(attempt.state, [...live]),
      ),
    )
  return rows.map(({ token }) => token)
}

/** Ids of all attempts that are not over. */
export async function liveAttemptIds(q: Queryable): Promise<string[]> {
  const rows = await q
    .select({ id: attempt.id })
    .from(attempt)
    .where(inArray(attempt.state, [...live]))
  return rows.map(({ id }) => id)
}

/**
 * While nobody could listen, nobody could renew: leases of attempts that workers with a token hold last these seconds from
 * now at least. Work of the pool that the product's own machine holds went with it.
 */
export async function graceLeases(q: Queryable, seconds: number): Promise<void> {
  const least = sql`clock_timestamp() + make_interval(secs => ${seconds})`
  const remote = q.select({ id: worker.id }).from(worker).where(isNotNull(worker.tokenId))
  await q
    .update(attempt)
    .set({ leaseUntil: sql`greatest(${attempt.leaseUntil}, ${least})` })
    .where(and(inArray(attempt.workerId, remote), inArray(attempt.state, [...live])))
}

export async function insertWorkerToken(
  q: Queryable,
  given: {
    teamId: string
    createdBy: string | null
    name: string
    secretHash: string
    prefix: string
    queue?: string | null
  },
): Promise<string> {
  const [row] = await q.insert(workerToken).values(given).returning({ id: workerToken.id })
  if (row === undefined) throw new Error('an insert gave no row')
  return row.id
}

/** Whose workers may come with the token of this hash; null when it is none, or was revoked. */
export async function findWorkerToken(
  q: Queryable,
  secretHash: string,
): Promise<{ id: string; teamId: string; queue: string | null } | null> {
  const [row] = await q
    .select({ id: workerToken.id, teamId: workerToken.teamId, queue: workerToken.queue })
    .from(workerToken)
    .where(and(eq(workerToken.secretHash, secretHash), isNull(workerToken.revokedAt)))
  return row ?? null
}

/** A team's tokens that are good. */
export async function workerTokensOf(q: Queryable, teamId: string) {
  return q
    .select({
      id: workerToken.id,
      name: workerToken.name,
      prefix: workerToken.prefix,
      createdAt: workerToken.createdAt,
      createdBy: user.name,
    })
    .from(workerToken)
    .leftJoin(user, eq(user.id, workerToken.createdBy))
    .where(and(eq(workerToken.teamId, teamId), isNull(workerToken.revokedAt)))
    .orderBy(desc(workerToken.createdAt))
}

/** Its name; null when the team has no such token. */
export async function revokeWorkerToken(q: Queryable, teamId: string, id: string): Promise<string | null> {
  const rows = await q
    .update(workerToken)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(workerToken.id, id), eq(workerToken.teamId, teamId), isNull(workerToken.revokedAt)))
    .returning({ name: workerToken.name })
  return rows[0]?.name ?? null
}

/** Workers of a team's pool that are there, with what they hold. */
export async function workersOf(q: Queryable, teamId: string) {
  const held = sql<number>`(select count(*)::int from ${attempt} a where a.worker_id = ${worker.id} and a.state in ('created', 'submitted', 'running'))`
  const alive = sql`${worker.heartbeatAt} > clock_timestamp() - make_interval(secs => ${silentSeconds})`
  return q
    .select({
      id: worker.id,
      host: worker.host,
      queues: worker.queues,
      token: workerToken.name,
      slots: worker.slots,
      held,
      draining: sql<boolean>`${worker.drainingAt} is not null`,
      full: worker.fullDisk,
      silent: sql<boolean>`not ${alive}`,
      startedAt: worker.startedAt,
      heartbeatAt: worker.heartbeatAt,
    })
    .from(worker)
    .innerJoin(workerToken, eq(workerToken.id, worker.tokenId))
    .where(and(eq(workerToken.teamId, teamId), isNull(worker.stoppedAt)))
    .orderBy(desc(worker.startedAt))
    .limit(200)
}

/** Whether an attempt of a run may read a blob: it was published in it, or taken over by it. */
export async function mayRead(q: Queryable, runId: string, hash: string): Promise<boolean> {
  const [row] = await rowsOf<{ there: boolean }>(
    q,
    sql`
    select exists (
      select 1 from task_run t
      join attempt a on a.task_run_id = coalesce(t.reused_from, t.id)
      join output o on o.attempt_id = a.id
      where t.run_id = ${runId} and o.hash = ${hash}) as there`,
  )
  return row?.there === true
}
