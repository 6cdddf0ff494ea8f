/** Frozen comparisons and the links that open them. Only the hash of a link's secret is kept. */
import { and, desc, eq, gt, inArray, isNull, sql } from 'drizzle-orm'
import type { ComparisonState } from '#server/domain/comparison/state.ts'
import type { Queryable } from '../client.ts'
import { comparison, shareLink, user } from '../schema/index.ts'

export async function insertComparison(
  q: Queryable,
  given: { teamId: string; createdBy: string; state: ComparisonState },
): Promise<string> {
  const [row] = await q.insert(comparison).values(given).returning({ id: comparison.id })
  if (row === undefined) throw new Error('an insert gave no row')
  return row.id
}

export async function findComparison(q: Queryable, id: string) {
  const [row] = await q
    .select({ teamId: comparison.teamId, state: comparison.state, createdAt: comparison.createdAt })
    .from(comparison)
    .where(eq(comparison.id, id))
  return row ?? null
}

/** @param seconds how long it is good for */
export async function insertShareLink(
  q: Queryable,
  given: { comparisonId: string; secretHash: string; createdBy: string; seconds: number },
): Promise<{ id: string; expiresAt: Date }> {
  const { seconds, ...values } = given
  const [row] = await q
    .insert(shareLink)
    .values({ ...values, expiresAt: sql`now() + make_interval(secs => ${seconds})` })
    .returning({ id: shareLink.id, expiresAt: shareLink.expiresAt })
  if (row === undefined) throw new Error('an insert gave no row')
  return row
}

/** The comparison that a secret opens now; null when it is none, expired or revoked. */
export async function openShareLink(q: Queryable, secretHash: string) {
  const [row] = await q
    .select({
      teamId: comparison.teamId,
      state: comparison.state,
      createdAt: comparison.createdAt,
      expiresAt: shareLink.expiresAt,
    })
    .from(shareLink)
    .innerJoin(comparison, eq(comparison.id, shareLink.comparisonId))
    .where(
      and(
        eq(shareLink.secretHash, secretHash),
        isNull(shareLink.revokedAt),
        gt(shareLink.expiresAt, sql`now()`),
      ),
    )
  return row ?? null
}

const linkColumns = {
  id: shareLink.id,
  comparisonId: shareLink.comparisonId,
  teamId: comparison.teamId,
  state: comparison.state,
  createdBy: user.name,
  createdAt: shareLink.createdAt,
  expiresAt: shareLink.expiresAt,
  revokedAt: shareLink.revokedAt,
}

const selectLinks = (q: Queryable) =>
  q
    .select(linkColumns)
    .from(shareLink)
    .innerJoin(comparison, eq(comparison.id, shareLink.comparisonId))
    .leftJoin(user, eq(user.id, shareLink.createdBy))
    .$dynamic()

/** The newest 200. */
export async function shareLinksOfTeams(q: Queryable, teamIds: readonly string[]) {
  if (teamIds.length === 0) return []
  return selectLinks(q)
    .where(inArray(comparison.teamId, [...teamIds]))
    .orderBy(desc(shareLink.createdAt))
    .limit(200)
}

export async function shareLinkById(q: Queryable, id: string) {
  const [row] = await selectLinks(q).where(eq(shareLink.id, id))
  return row ?? null
}

export async function revokeShareLink(q: Queryable, id: string): Promise<void> {
  await q
    .update(shareLink)
    .set({ revokedAt: sql`coalesce(${shareLink.revokedAt}, now())` })
    .where(eq(shareLink.id, id))
}
