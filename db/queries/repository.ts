import { and, asc, eq } from 'drizzle-orm'
import type { Queryable } from '../client.ts'
import { repository, team } from '../schema/index.ts'

export interface RepositoryRow {
  id: string
  teamId: string
  team: string
  name: string
  defaultBranch: string | null
}

const columns = {
  id: repository.id,
  teamId: repository.teamId,
  team: team.name,
  name: repository.name,
  defaultBranch: repository.defaultBranch,
}

export async function findRepository(
  q: Queryable,
  teamName: string,
  name: string,
): Promise<RepositoryRow | null> {
  const [row] = await q
    .select(columns)
    .from(repository)
    .innerJoin(team, eq(team.id, repository.teamId))
    .where(and(eq(team.name, teamName), eq(repository.name, name)))
  return row ?? null
}

export async function repositoryById(q: Queryable, id: string): Promise<RepositoryRow | null> {
  const [row] = await q
    .select(columns)
    .from(repository)
    .innerJoin(team, eq(team.id, repository.teamId))
    .where(eq(repository.id, id))
  return row ?? null
}

/** Makes the row, or finds the one that somebody else made meanwhile. */
export async function insertRepository(q: Queryable, teamId: string, name: string): Promise<string> {
  await q.insert(repository).values({ teamId, name }).onConflictDoNothing()
  const [row] = await q
    .select({ id: repository.id })
    .from(repository)
    .where(and(eq(repository.teamId, teamId), eq(repository.name, name)))
  if (row === undefined) throw new Error('the repository was deleted while it was made')
  return row.id
}

export async function listRepositories(q: Queryable, teamIds: readonly string[]): Promise<RepositoryRow[]> {
  const rows = await q
    .select(columns)
    .from(repository)
    .innerJoin(team, eq(team.id, repository.teamId))
    .orderBy(asc(team.name), asc(repository.name))
  return rows.filter((row) => teamIds.includes(row.teamId))
}

export async function allRepositoryIds(q: Queryable): Promise<string[]> {
  return (await q.select({ id: repository.id }).from(repository)).map((row) => row.id)
}

/** Locks the repository's row for the rest of the transaction: one reconciler at a time. */
export async function lockRepository(q: Queryable, id: string): Promise<RepositoryRow | null> {
  const [locked] = await q
    .select({ id: repository.id })
    .from(repository)
    .where(eq(repository.id, id))
    .for('update')
  return locked === undefined ? null : repositoryById(q, id)
}

export async function setDefaultBranch(q: Queryable, id: string, branch: string): Promise<void> {
  await q.update(repository).set({ defaultBranch: branch }).where(eq(repository.id, id))
}
