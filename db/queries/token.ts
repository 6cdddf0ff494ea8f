import { and, desc, eq, gt, isNull, or, sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'
import { apiToken, member, team, user } from '../schema/index.ts'

export interface TokenRow {
  id: string
  name: string
  prefix: string
  createdAt: Date
  lastUsedAt: Date | null
  expiresAt: Date | null
}

export async function insertToken(
  q: Queryable,
  token: { userId: string; name: string; secretHash: string; prefix: string; seconds: number | null },
): Promise<string> {
  const { seconds, ...values } = token
  const expiresAt = seconds === null ? null : sql`now() + make_interval(secs => ${seconds})`
  const [row] = await q
    .insert(apiToken)
    .values({ ...values, expiresAt })
    .returning({ id: apiToken.id })
  if (row === undefined) throw new Error('an insert gave no row')
  return row.id
}

const valid = and(
  isNull(apiToken.revokedAt),
  or(isNull(apiToken.expiresAt), gt(apiToken.expiresAt, sql`now()`)),
)

/** Whose token has this hash, with their teams; null when it is none, was revoked, or is too old. */
export async function findTokenUser(q: Queryable, secretHash: string) {
  const rows = await q
    .select({
      tokenId: apiToken.id,
      userId: user.id,
      name: user.name,
      email: user.email,
      teamId: team.id,
      teamName: team.name,
      role: member.role,
    })
    .from(apiToken)
    .innerJoin(user, eq(user.id, apiToken.userId))
    .innerJoin(member, eq(member.userId, user.id))
    .innerJoin(team, eq(team.id, member.teamId))
    .where(and(eq(apiToken.secretHash, secretHash), valid))
  const [first] = rows
  if (first === undefined) return null
  const teams = rows.map((row) => ({ id: row.teamId, name: row.teamName, role: row.role }))
  return { tokenId: first.tokenId, userId: first.userId, name: first.name, email: first.email, teams }
}

/** Notes the use, once a minute at most: a row that every request writes would be hot. */
export async function noteTokenUse(q: Queryable, id: string): Promise<void> {
  await q
    .update(apiToken)
    .set({ lastUsedAt: sql`now()` })
    .where(
      and(
        eq(apiToken.id, id),
        or(isNull(apiToken.lastUsedAt), sql`${apiToken.lastUsedAt} < now() - interval '1 minute'`),
      ),
    )
}

export async function listTokens(q: Queryable, userId: string): Promise<TokenRow[]> {
  const { id, name, prefix, createdAt, lastUsedAt, expiresAt } = apiToken
  return q
    .select({ id, name, prefix, createdAt, lastUsedAt, expiresAt })
    .from(apiToken)
    .where(and(eq(apiToken.userId, userId), isNull(apiToken.revokedAt)))
    .orderBy(desc(apiToken.createdAt))
}

/** False when the user has no such token. */
export async function revokeToken(q: Queryable, userId: string, id: string): Promise<boolean> {
  const rows = await q
    .update(apiToken)
    .set({ revokedAt: sql`now()` })
    .where(and(eq(apiToken.id, id), eq(apiToken.userId, userId), isNull(apiToken.revokedAt)))
    .returning({ id: apiToken.id })
  return rows.length > 0
}

/** Ends the tokens of a user that have this name. */
export async function deleteTokensNamed(q: Queryable, userId: string, name: string): Promise<void> {
  await q.delete(apiToken).where(and(eq(apiToken.userId, userId), eq(apiToken.name, name)))
}
