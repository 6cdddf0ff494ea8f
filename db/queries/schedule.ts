/** Where each DAG's cron stands. A DAG that was never released follows its default branch's tip. */
import { and, eq, sql } from 'drizzle-orm'
import { alias } from 'drizzle-orm/pg-core'
import type { Spec } from '#server/domain/dag/spec.ts'
import type { Queryable } from '../client.ts'
import { dag, dagRef, repository, scheduleCursor, version } from '../schema/index.ts'

const before = alias(version, 'before')

export interface ScheduledDag {
  dagId: string
  versionId: string
  spec: Spec
  /** null: it was not seen with a schedule before. */
  lastTick: Date | null
  /** The schedule that `lastTick` belongs to. */
  lastSchedule: Spec['schedule'] | null
}

/** DAGs whose version at the default branch's tip has a schedule. */
export async function scheduledDags(q: Queryable): Promise<ScheduledDag[]> {
  return q
    .select({
      dagId: dag.id,
      versionId: version.id,
      spec: version.spec,
      lastTick: scheduleCursor.lastTick,
      lastSchedule: sql<Spec['schedule'] | null>`${before.spec}->'schedule'`,
    })
    .from(dagRef)
    .innerJoin(repository, eq(repository.id, dagRef.repositoryId))
    .innerJoin(dag, eq(dag.id, dagRef.dagId))
    .innerJoin(version, eq(version.id, dagRef.versionId))
    .leftJoin(scheduleCursor, eq(scheduleCursor.dagId, dag.id))
    .leftJoin(before, eq(before.id, scheduleCursor.versionId))
    .where(
      and(
        sql`${dagRef.ref} = 'refs/heads/' || ${repository.defaultBranch}`,
        sql`jsonb_array_length(${version.spec}->'schedule') > 0`,
      ),
    )
}

export async function databaseNow(q: Queryable): Promise<Date> {
  const rows = await q.execute<{ now: string }>(sql`select now()::text as now`)
  return new Date(rows[0]?.now ?? '')
}

/**
 * Moves the cursor from `before` to `lastTick`; false when another enqueuer did (R9). The first time it is made.
 */
export async function moveCursor(
  q: Queryable,
  given: { dagId: string; versionId: string; before: Date | null; lastTick: Date; nextTick: Date | null },
): Promise<boolean> {
  const { dagId, versionId, before, lastTick, nextTick } = given
  const row = { versionId, lastTick, nextTick }
  if (before === null) {
    const made = await q
      .insert(scheduleCursor)
      .values({ dagId, ...row })
      .onConflictDoNothing()
      .returning({ dagId: scheduleCursor.dagId })
    return made.length > 0
  }
  const moved = await q
    .update(scheduleCursor)
    .set(row)
    .where(
      and(
        eq(scheduleCursor.dagId, dagId),
        sql`date_trunc('milliseconds', ${scheduleCursor.lastTick}) = ${before.toISOString()}::timestamptz`,
      ),
    )
    .returning({ dagId: scheduleCursor.dagId })
  return moved.length > 0
}
