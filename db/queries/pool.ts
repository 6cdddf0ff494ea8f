/** Pools of a team. */
import { and, asc, eq, sql } from 'drizzle-orm'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { Queryable } from '../client.ts'
import { dag, pool, repository, taskRun } from '../schema/index.ts'

/** What a task run's row calls its pool: it may be made before the pool is. */
export const poolKey = (teamId: string, name: string): string => `${teamId}/${name}`

export async function teamOfDag(q: Queryable, dagId: string): Promise<string> {
  const [row] = await q
    .select({ teamId: repository.teamId })
    .from(dag)
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .where(eq(dag.id, dagId))
  if (row === undefined) throw new DagbokError('not_found', 'There is no such DAG.')
  return row.teamId
}

export interface PoolRow {
  name: string
  slots: number
  /** Slots that attempts hold, and slots that queued task runs want. */
  used: number
  queued: number
}

export async function poolsOf(q: Queryable, teamId: string): Promise<PoolRow[]> {
  const slotsIn = (states: string) =>
    sql<number>`coalesce((select sum(t.slots) from ${taskRun} t where t.pool = ${pool.teamId}::text || '/' || ${pool.name} and t.state in (${sql.raw(states)})), 0)::int`
  return q
    .select({
      name: pool.name,
      slots: pool.slots,
      used: slotsIn("'starting', 'running'"),
      queued: slotsIn("'queued'"),
    })
    .from(pool)
    .where(eq(pool.teamId, teamId))
    .orderBy(asc(pool.name))
}

/** Makes a pool, or gives it another number of slots. */
export async function savePool(
  q: Queryable,
  given: { teamId: string; name: string; slots: number },
): Promise<void> {
  await q
    .insert(pool)
    .values(given)
    .onConflictDoUpdate({ target: [pool.teamId, pool.name], set: { slots: given.slots } })
}

export async function deletePool(q: Queryable, teamId: string, name: string): Promise<boolean> {
  const rows = await q
    .delete(pool)
    .where(and(eq(pool.teamId, teamId), eq(pool.name, name)))
    .returning({ id: pool.id })
  return rows.length > 0
}
