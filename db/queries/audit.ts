/** Who did what, when. */
import { desc, eq } from 'drizzle-orm'
import type { Queryable } from '../client.ts'
import { auditEntry, dag, repository, user } from '../schema/index.ts'

export async function insertAudit(q: Queryable, entry: typeof auditEntry.$inferInsert): Promise<void> {
  await q.insert(auditEntry).values(entry)
}

/** Of a DAG, newest first. */
export async function auditOfDag(q: Queryable, dagId: string, limit: number) {
  const { id, verb, details, createdAt } = auditEntry
  return q
    .select({ id, verb, details, createdAt, by: user.name })
    .from(auditEntry)
    .leftJoin(user, eq(user.id, auditEntry.userId))
    .where(eq(auditEntry.dagId, dagId))
    .orderBy(desc(auditEntry.createdAt))
    .limit(limit)
}

/** Of a team, newest first, with the DAG that it was done to. */
export async function auditOfTeam(q: Queryable, teamId: string, limit: number) {
  const { id, verb, details, createdAt } = auditEntry
  return q
    .select({ id, verb, details, createdAt, by: user.name, repo: repository.name, dag: dag.name })
    .from(auditEntry)
    .leftJoin(user, eq(user.id, auditEntry.userId))
    .leftJoin(dag, eq(dag.id, auditEntry.dagId))
    .leftJoin(repository, eq(repository.id, dag.repositoryId))
    .where(eq(auditEntry.teamId, teamId))
    .orderBy(desc(auditEntry.createdAt))
    .limit(limit)
}
