/** Which version of a DAG schedules it, and where its schedules stand. Times are the database's. */
import { and, asc, eq, inArray, isNotNull, isNull, lte, sql, type SQL } from 'drizzle-orm'
import type { Schedule, Spec } from '#server/domain/dag/spec.ts'
import type { LiveSchedule, Takeover } from '#server/domain/schedule/entries.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { dag, dagRef, dagSchedule, repository, run, version } from '../schema/index.ts'

/**
 * The version of each DAG whose schedules and triggers hold: that at its default branch's tip. The only place that says
 * so. null where the tip has none.
 */
const scheduledVersion = sql<string | null>`(
  select at.version_id from ${dagRef} at join ${repository} home on home.id = at.repository_id
  where at.dag_id = "dag"."id" and at.ref = 'refs/heads/' || home.default_branch limit 1)`

export interface ScheduledDag {
  dagId: string
  /** null: nothing schedules it. */
  versionId: string | null
}

/** DAGs (of one repository, or all) whose scheduled version is another one than was last taken over. */
export async function changedDags(q: Queryable, repositoryId: string | null): Promise<ScheduledDag[]> {
  return q
    .select({ dagId: dag.id, versionId: scheduledVersion })
    .from(dag)
    .where(
      and(
        repositoryId === null ? undefined : eq(dag.repositoryId, repositoryId),
        sql`${dag.scheduledVersionId} is distinct from ${scheduledVersion}`,
      ),
    )
    .orderBy(asc(dag.id))
}

/** Now, by the database's clock, in the middle of a transaction too. */
export async function databaseNow(q: Queryable): Promise<Date> {
  const rows = await rowsOf<{ now: string }>(q, sql`select clock_timestamp()::text as now`)
  return new Date(rows[0]?.now ?? '')
}

export interface LockedDag {
  id: string
  repositoryId: string
  paused: boolean
  /** Whose schedules and triggers hold now, and whose were last taken over. */
  versionId: string | null
  scheduledVersionId: string | null
  scheduledSince: Date | null
}

/** Locks a DAG: whoever changes its schedules or fires them holds this, before any of their rows. */
export async function lockDag(q: Queryable, dagId: string): Promise<LockedDag | null> {
  const [row] = await q
    .select({
      id: dag.id,
      repositoryId: dag.repositoryId,
      versionId: scheduledVersion,
      paused: sql<boolean>`${dag.pausedAt} is not null`,
      scheduledVersionId: dag.scheduledVersionId,
      scheduledSince: dag.scheduledSince,
    })
    .from(dag)
    .where(eq(dag.id, dagId))
    .for('update')
  return row ?? null
}

export async function liveSchedules(q: Queryable, dagId: string): Promise<LiveSchedule[]> {
  return q
    .select({ id: dagSchedule.id, key: dagSchedule.key, cursor: dagSchedule.cursor })
    .from(dagSchedule)
    .where(and(eq(dagSchedule.dagId, dagId), isNull(dagSchedule.until)))
}

/** Writes what a version's takeover of a DAG means for its schedules. The DAG is locked. */
export async function writeTakeover(
  q: Queryable,
  dagId: string,
  versionId: string | null,
  { kept, ended, added }: Takeover,
  now: Date,
): Promise<void> {
  if (versionId !== null) {
    for (const { id, entry, nextTick } of kept)
      await q.update(dagSchedule).set({ versionId, entry, nextTick }).where(eq(dagSchedule.id, id))
    for (const one of added) await q.insert(dagSchedule).values({ dagId, versionId, ...one })
  }
  if (ended.length > 0) await q.update(dagSchedule).set({ until: now }).where(inArray(dagSchedule.id, ended))
  await q
    .update(dag)
    .set({
      scheduledVersionId: versionId,
      ...(added.length > 0 ? { scheduledSince: sql`coalesce(${dag.scheduledSince}, now())` } : {}),
    })
    .where(eq(dag.id, dagId))
}

/** Pauses a DAG, or lets it go on; false when it is so already. */
export async function setPaused(q: Queryable, dagId: string, by: string, paused: boolean): Promise<boolean> {
  const changed = await q
    .update(dag)
    .set(paused ? { pausedAt: sql`clock_timestamp()`, pausedBy: by } : { pausedAt: null, pausedBy: null })
    .where(and(eq(dag.id, dagId), paused ? isNull(dag.pausedAt) : isNotNull(dag.pausedAt)))
    .returning({ id: dag.id })
  return changed.length > 0
}

const running = isNull(dag.pausedAt)

/** Schedules with a tick to fire at `now`, the longest due first. */
export async function dueSchedules(
  q: Queryable,
  now: Date,
  limit: number,
): Promise<{ id: string; dagId: string }[]> {
  return q
    .select({ id: dagSchedule.id, dagId: dagSchedule.dagId })
    .from(dagSchedule)
    .innerJoin(dag, eq(dag.id, dagSchedule.dagId))
    .where(and(running, lte(dagSchedule.nextTick, now)))
    .orderBy(asc(dagSchedule.nextTick))
    .limit(limit)
}

/** When the next tick after `now` is, of all DAGs that are not paused. */
export async function soonestTick(q: Queryable, now: Date): Promise<Date | null> {
  const [row] = await q
    .select({ at: dagSchedule.nextTick })
    .from(dagSchedule)
    .innerJoin(dag, eq(dag.id, dagSchedule.dagId))
    .where(and(running, sql`${dagSchedule.nextTick} > ${now.toISOString()}::timestamptz`))
    .orderBy(asc(dagSchedule.nextTick))
    .limit(1)
  return row?.at ?? null
}

export interface DueSchedule {
  id: string
  key: string
  versionId: string
  entry: Schedule
  cursor: Date
  until: Date | null
  spec: Spec
  /** Scheduled runs of its version that wait for a place. */
  queued: number
}

/** A schedule as it stands; the DAG is locked. */
export async function scheduleById(q: Queryable, id: string): Promise<DueSchedule | null> {
  const { key, versionId, entry, cursor, until } = dagSchedule
  const queued: SQL<number> = sql`(select count(*)::int from ${run}
    where ${run.versionId} = ${versionId} and ${run.state} = 'queued' and ${run.trigger} = 'schedule')`
  const [row] = await q
    .select({ id: dagSchedule.id, key, versionId, entry, cursor, until, spec: version.spec, queued })
    .from(dagSchedule)
    .innerJoin(version, eq(version.id, dagSchedule.versionId))
    .where(eq(dagSchedule.id, id))
  return row ?? null
}

/** Moves a schedule on; one that was ended and has nothing left goes. */
export async function moveSchedule(
  q: Queryable,
  { id, until }: Pick<DueSchedule, 'id' | 'until'>,
  cursor: Date,
  nextTick: Date | null,
): Promise<void> {
  if (until !== null && (nextTick === null || nextTick > until))
    await q.delete(dagSchedule).where(eq(dagSchedule.id, id))
  else await q.update(dagSchedule).set({ cursor, nextTick }).where(eq(dagSchedule.id, id))
}
