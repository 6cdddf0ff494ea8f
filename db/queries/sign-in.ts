/** The first team and user, and one-time sign-in links. */
import { and, eq, gt, isNull, sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'
import { member, signInLink, team, user } from '../schema/index.ts'

/** The owner of the first team, made with it if the database is new. Safe when two do it at once. */
export async function ensureFirstOwner(
  q: Queryable,
  names: { team: string; user: string; email: string },
): Promise<{ userId: string; teamId: string }> {
  return q.transaction(async (tx) => {
    await tx.execute(sql`lock table ${team} in share row exclusive mode`)
    const [known] = await tx
      .select({ userId: member.userId, teamId: member.teamId })
      .from(member)
      .innerJoin(team, eq(team.id, member.teamId))
      .where(and(eq(team.name, names.team), eq(member.role, 'owner')))
      .orderBy(member.createdAt)
      .limit(1)
    if (known !== undefined) return known
    const [newTeam] = await tx.insert(team).values({ name: names.team }).returning({ id: team.id })
    const [newUser] = await tx
      .insert(user)
      .values({ name: names.user, email: names.email })
      .returning({ id: user.id })
    if (newTeam === undefined || newUser === undefined) throw new Error('an insert gave no row')
    await tx.insert(member).values({ teamId: newTeam.id, userId: newUser.id, role: 'owner' })
    return { userId: newUser.id, teamId: newTeam.id }
  })
}

/** Keeps a link that is good for `seconds` from now, by the database's clock. */
export async function insertSignInLink(
  q: Queryable,
  link: { userId: string; secretHash: string; seconds: number },
): Promise<void> {
  await q.insert(signInLink).values({
    userId: link.userId,
    secretHash: link.secretHash,
    expiresAt: sql`now() + make_interval(secs => ${link.seconds})`,
  })
}

/** Uses a link up: true for one caller only, and never after its time. */
export async function consumeSignInLink(
  q: Queryable,
  secretHash: string,
): Promise<{ userId: string } | null> {
  const [row] = await q
    .update(signInLink)
    .set({ usedAt: sql`now()` })
    .where(
      and(
        eq(signInLink.secretHash, secretHash),
        isNull(signInLink.usedAt),
        gt(signInLink.expiresAt, sql`now()`),
      ),
    )
    .returning({ userId: signInLink.userId })
  return row ?? null
}

/** Whether a link could still be used, without using it. */
export async function signInLinkState(
  q: Queryable,
  secretHash: string,
): Promise<'good' | 'used' | 'expired' | 'unknown'> {
  const [row] = await q
    .select({
      used: sql<boolean>`${signInLink.usedAt} is not null`,
      expired: sql<boolean>`${signInLink.expiresAt} <= now()`,
    })
    .from(signInLink)
    .where(eq(signInLink.secretHash, secretHash))
  if (row === undefined) return 'unknown'
  if (row.used) return 'used'
  return row.expired ? 'expired' : 'good'
}

/** Who a session belongs to now: null once its epoch is over or the user is gone. */
export async function findSessionUser(q: Queryable, userId: string, epoch: string) {
  const rows = await q
    .select({ name: user.name, email: user.email, teamId: team.id, teamName: team.name, role: member.role })
    .from(user)
    .innerJoin(member, eq(member.userId, user.id))
    .innerJoin(team, eq(team.id, member.teamId))
    .where(and(eq(user.id, userId), eq(user.sessionEpoch, epoch)))
    .orderBy(team.name)
  const [first] = rows
  if (first === undefined) return null
  return {
    name: first.name,
    email: first.email,
    teams: rows.map((row) => ({ id: row.teamId, name: row.teamName, role: row.role })),
  }
}

/** The epoch that a new session of this user carries. */
export async function sessionEpoch(q: Queryable, userId: string): Promise<string | null> {
  const [row] = await q.select({ epoch: user.sessionEpoch }).from(user).where(eq(user.id, userId))
  return row?.epoch ?? null
}

/** Ends every session of this user: they carry an epoch that is over. */
export async function endSessions(q: Queryable, userId: string): Promise<void> {
  await q
    .update(user)
    .set({ sessionEpoch: sql`gen_random_uuid()::text` })
    .where(eq(user.id, userId))
}
