import { and, asc, desc, eq, sql } from 'drizzle-orm'
import type { RefUpdate } from '#server/domain/version/ref-update.ts'
import type { Queryable } from '../client.ts'
import { push } from '../schema/index.ts'

export interface PushRow {
  id: string
  userId: string | null
  options: string[]
  updates: RefUpdate[]
  /** What was told while only some of its refs had moved; null before. */
  report: string[] | null
}

export async function insertPush(
  q: Queryable,
  given: {
    repositoryId: string
    userId: string
    options: string[]
    updates: RefUpdate[]
    state: 'checked' | 'rejected'
  },
): Promise<void> {
  await q.insert(push).values(given)
}

/** Pushes whose outcome the refs have not told yet, oldest first. */
export async function openPushes(q: Queryable, repositoryId: string): Promise<PushRow[]> {
  const { id, userId, options, updates, report } = push
  return q
    .select({ id, userId, options, updates, report })
    .from(push)
    .where(and(eq(push.repositoryId, repositoryId), eq(push.state, 'checked')))
    .orderBy(asc(push.createdAt))
}

/** Closes an open push; false when somebody else did. */
export async function closePush(
  q: Queryable,
  id: string,
  state: 'reconciled' | 'abandoned',
  report: string[],
): Promise<boolean> {
  const rows = await q
    .update(push)
    .set({ state, report, reconciledAt: sql`now()` })
    .where(and(eq(push.id, id), eq(push.state, 'checked')))
    .returning({ id: push.id })
  return rows.length > 0
}

/** Keeps what is to be told of a push that stays open. */
export async function reportSoFar(q: Queryable, id: string, report: string[]): Promise<void> {
  await q.update(push).set({ report }).where(eq(push.id, id))
}

export async function pushIsOld(q: Queryable, id: string, seconds: number): Promise<boolean> {
  const [row] = await q
    .select({ old: sql<boolean>`${push.createdAt} < now() - make_interval(secs => ${seconds})` })
    .from(push)
    .where(eq(push.id, id))
  return row?.old ?? true
}

/** What was reported of the newest push of exactly these refs. */
export async function pushReport(
  q: Queryable,
  repositoryId: string,
  updates: readonly RefUpdate[],
): Promise<string[]> {
  const rows = await q
    .select({ updates: push.updates, report: push.report })
    .from(push)
    .where(and(eq(push.repositoryId, repositoryId), eq(push.state, 'reconciled')))
    .orderBy(desc(push.createdAt))
    .limit(20)
  const key = (list: readonly RefUpdate[]) =>
    list
      .map((update) => `${update.ref} ${update.newSha}`)
      .toSorted()
      .join('\n')
  return rows.find((row) => key(row.updates) === key(updates))?.report ?? []
}
