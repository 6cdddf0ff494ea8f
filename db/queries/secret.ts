/** Secrets of teams, sealed. */
import { and, asc, count, eq, inArray, isNull, sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'
import { dag, repository, run, team, teamSecret, user } from '../schema/index.ts'

export interface SecretRow {
  name: string
  /** Who has set it last; null: the product itself. */
  setBy: string | null
  setAt: Date
  sealed: string
}

const stands = isNull(teamSecret.replacedAt)

/** By name. */
export async function secretsOf(q: Queryable, teamId: string): Promise<SecretRow[]> {
  return q
    .select({
      name: teamSecret.name,
      setBy: user.name,
      setAt: teamSecret.createdAt,
      sealed: teamSecret.sealed,
    })
    .from(teamSecret)
    .leftJoin(user, eq(user.id, teamSecret.createdBy))
    .where(and(eq(teamSecret.teamId, teamId), stands))
    .orderBy(asc(teamSecret.name))
}

/** Until the end of the transaction nobody else changes secrets of the team. */
export async function lockSecrets(q: Queryable, teamId: string): Promise<void> {
  await q.select({ id: team.id }).from(team).where(eq(team.id, teamId)).for('no key update')
}

export async function countSecrets(q: Queryable, teamId: string): Promise<number> {
  const [row] = await q
    .select({ all: count() })
    .from(teamSecret)
    .where(and(eq(teamSecret.teamId, teamId), stands))
  return row?.all ?? 0
}

/** The value that stands stands no more. @returns whether one did */
export async function replaceSecret(q: Queryable, teamId: string, name: string): Promise<boolean> {
  const rows = await q
    .update(teamSecret)
    .set({ replacedAt: sql`clock_timestamp()` })
    .where(and(eq(teamSecret.teamId, teamId), eq(teamSecret.name, name), stands))
    .returning({ id: teamSecret.id })
  return rows.length > 0
}

export async function insertSecret(
  q: Queryable,
  given: { teamId: string; name: string; sealed: string; createdBy: string },
): Promise<void> {
  await q.insert(teamSecret).values(given)
}

export interface SealedSecret {
  teamId: string
  name: string
  sealed: string
  stands: boolean
}

/** What the team of a run has under these names; `stands` is false of values that have been replaced or deleted since. */
export async function sealedSecrets(
  q: Queryable,
  runId: string,
  names: readonly string[],
): Promise<SealedSecret[]> {
  const rows = await q
    .select({
      teamId: teamSecret.teamId,
      name: teamSecret.name,
      sealed: teamSecret.sealed,
      stands: sql<boolean>`${teamSecret.replacedAt} is null`,
    })
    .from(run)
    .innerJoin(dag, eq(dag.id, run.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .innerJoin(teamSecret, eq(teamSecret.teamId, repository.teamId))
    .where(and(eq(run.id, runId), inArray(teamSecret.name, [...names])))
  return rows
}

/**
 * Values that were replaced more than an hour ago, and that no attempt of their team can have been given that lives. Whoever reads one as
 * it is replaced is some seconds late at most.
 * @returns how many have gone
 */
export async function deleteReplacedSecrets(q: Queryable): Promise<number> {
  const rows = await rowsOf<object>(
    q,
    sql`
    delete from ${teamSecret} s where s.replaced_at < clock_timestamp() - interval '1 hour' and not exists (
      select from attempt a join run r on r.id = a.run_id join dag d on d.id = r.dag_id
        join repository p on p.id = d.repository_id
      where a.state in ('created', 'submitted', 'running') and p.team_id = s.team_id
        and a.created_at <= s.replaced_at + interval '1 hour')
    returning 1`,
  )
  return rows.length
}
