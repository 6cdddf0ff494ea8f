/** Who did what, when. */
import { and, desc, eq, ne, sql } from 'drizzle-orm'
import type { Json } from '#server/domain/json.ts'
import { rowsOf, type Queryable } from '../client.ts'
import { auditEntry, dag, repository, user } from '../schema/index.ts'

export async function insertAudit(q: Queryable, entry: typeof auditEntry.$inferInsert): Promise<void> {
  await q.insert(auditEntry).values(entry)
}

/** Inserts it, unless the DAG has one of its verb with details like these of the last `seconds`. @returns whether it did */
export async function insertAuditOnce(
  q: Queryable,
  entry: {
    teamId: string
    dagId: string
    userId: string | null
    verb: string
    details: Record<string, Json>
  },
  { like, seconds }: { like: Record<string, Json>; seconds: number },
): Promise<boolean> {
  const { teamId, dagId, userId, verb, details } = entry
  const rows = await rowsOf<object>(
    q,
    sql`
    insert into ${auditEntry} (team_id, dag_id, user_id, verb, details)
    select ${teamId}, ${dagId}, ${userId}::uuid, ${verb}, ${JSON.stringify(details)}::jsonb
    where not exists (
      select from ${auditEntry} where dag_id = ${dagId} and verb = ${verb} and details @> ${JSON.stringify(like)}::jsonb
        and created_at > now() - make_interval(secs => ${seconds}))
    returning id`,
  )
  return rows.length > 0
}

/** Triggers of a DAG that started nothing, newest first. */
export async function refusalsOf(q: Queryable, dagId: string, limit: number) {
  const { details, createdAt } = auditEntry
  return q
    .select({ details, createdAt })
    .from(auditEntry)
    .where(and(eq(auditEntry.dagId, dagId), eq(auditEntry.verb, 'trigger.refuse')))
    .orderBy(desc(auditEntry.createdAt))
    .limit(limit)
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

/** Of a team, newest first, with the DAG that it was done to. Triggers that were refused are with each DAG alone. */
export async function auditOfTeam(q: Queryable, teamId: string, limit: number) {
  const { id, verb, details, createdAt } = auditEntry
  return q
    .select({ id, verb, details, createdAt, by: user.name, repo: repository.name, dag: dag.name })
    .from(auditEntry)
    .leftJoin(user, eq(user.id, auditEntry.userId))
    .leftJoin(dag, eq(dag.id, auditEntry.dagId))
    .leftJoin(repository, eq(repository.id, dag.repositoryId))
    .where(and(eq(auditEntry.teamId, teamId), ne(auditEntry.verb, 'trigger.refuse')))
    .orderBy(desc(auditEntry.createdAt))
    .limit(limit)
}
