/** Webhooks of DAGs, and the messages that were taken. */
import { and, asc, eq, sql } from 'drizzle-orm'
import type { Spec } from '#server/domain/dag/spec.ts'
import type { Queryable } from '../client.ts'
import { dag, dagWebhook, repository, run, team, user, version, webhookDelivery } from '../schema/index.ts'

/** Makes the webhook, or gives it another salt: the old secret is good for nothing then. */
export async function saveWebhook(q: Queryable, dagId: string, salt: string, by: string): Promise<void> {
  await q
    .insert(dagWebhook)
    .values({ dagId, salt, createdBy: by })
    .onConflictDoUpdate({ target: dagWebhook.dagId, set: { salt, createdBy: by, createdAt: sql`now()` } })
}

export async function deleteWebhook(q: Queryable, dagId: string): Promise<boolean> {
  const rows = await q
    .delete(dagWebhook)
    .where(eq(dagWebhook.dagId, dagId))
    .returning({ id: dagWebhook.dagId })
  return rows.length > 0
}

export async function webhookOfDag(
  q: Queryable,
  dagId: string,
): Promise<{ createdAt: Date; createdBy: string | null } | null> {
  const [row] = await q
    .select({ createdAt: dagWebhook.createdAt, createdBy: user.name })
    .from(dagWebhook)
    .leftJoin(user, eq(user.id, dagWebhook.createdBy))
    .where(eq(dagWebhook.dagId, dagId))
  return row ?? null
}

/** Webhooks of a team's DAGs, by the DAG's name. */
export async function webhooksOfTeam(q: Queryable, teamId: string) {
  return q
    .select({
      team: team.name,
      repo: repository.name,
      dag: dag.name,
      createdAt: dagWebhook.createdAt,
      createdBy: user.name,
    })
    .from(dagWebhook)
    .innerJoin(dag, eq(dag.id, dagWebhook.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .innerJoin(team, eq(team.id, repository.teamId))
    .leftJoin(user, eq(user.id, dagWebhook.createdBy))
    .where(eq(team.id, teamId))
    .orderBy(asc(repository.name), asc(dag.name))
}

export interface Hook {
  dagId: string
  teamId: string
  salt: string
  paused: boolean
  versionId: string | null
  versionNumber: number | null
  spec: Spec | null
}

/** The webhook at an address, with the version that is scheduled. */
export async function findHook(
  q: Queryable,
  at: { team: string; repo: string; dag: string },
): Promise<Hook | null> {
  const [row] = await q
    .select({
      dagId: dag.id,
      teamId: team.id,
      salt: dagWebhook.salt,
      paused: sql<boolean>`${dag.pausedAt} is not null`,
      versionId: version.id,
      versionNumber: version.number,
      spec: version.spec,
    })
    .from(dagWebhook)
    .innerJoin(dag, eq(dag.id, dagWebhook.dagId))
    .innerJoin(repository, eq(repository.id, dag.repositoryId))
    .innerJoin(team, eq(team.id, repository.teamId))
    .leftJoin(version, eq(version.id, dag.scheduledVersionId))
    .where(and(eq(team.name, at.team), eq(repository.name, at.repo), eq(dag.name, at.dag)))
  return row ?? null
}

/** Days for which a message's id is remembered; a signed one is refused by its age long before. */
const remembered = 30

/** Takes a message; false when it was taken before. */
export async function takeDelivery(q: Queryable, dagId: string, messageId: string): Promise<boolean> {
  await q
    .delete(webhookDelivery)
    .where(
      and(
        eq(webhookDelivery.dagId, dagId),
        sql`${webhookDelivery.receivedAt} < now() - make_interval(days => ${remembered})`,
      ),
    )
  const rows = await q
    .insert(webhookDelivery)
    .values({ dagId, messageId })
    .onConflictDoNothing()
    .returning({ id: webhookDelivery.messageId })
  return rows.length > 0
}

export async function noteDelivery(
  q: Queryable,
  dagId: string,
  messageId: string,
  runId: string,
): Promise<void> {
  await q
    .update(webhookDelivery)
    .set({ runId })
    .where(and(eq(webhookDelivery.dagId, dagId), eq(webhookDelivery.messageId, messageId)))
}

/** The number of the run that a message started. */
export async function runOfDelivery(q: Queryable, dagId: string, messageId: string): Promise<number | null> {
  const [row] = await q
    .select({ number: run.number })
    .from(webhookDelivery)
    .innerJoin(run, eq(run.id, webhookDelivery.runId))
    .where(and(eq(webhookDelivery.dagId, dagId), eq(webhookDelivery.messageId, messageId)))
  return row?.number ?? null
}
