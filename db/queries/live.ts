/** Hints: what has changed, for pages and workers that listen. They carry names only; facts are read. */
import { sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'

export const liveChannel = 'dagbok_live'
export const workChannel = 'dagbok_work'
export const enqueueChannel = 'dagbok_enqueue'

/** `run:ID`, `dag:ID`, `log:ATTEMPT`, `repository:ID`. Sent when the transaction commits. */
export async function announce(q: Queryable, topics: readonly string[]): Promise<void> {
  const calls = [...new Set(topics)].map((topic) => sql`pg_notify(${liveChannel}, ${topic})`)
  if (calls.length > 0) await q.execute(sql`select ${sql.join(calls, sql`, `)}`)
}

/** Tells schedulers that there is something to do. */
export async function wakeScheduler(q: Queryable): Promise<void> {
  await q.execute(sql`select pg_notify(${workChannel}, '')`)
}

/** Tells whoever makes runs that a schedule, a backfill or an event changed, or that a run ended and there is a place. */
export async function wakeEnqueuers(q: Queryable): Promise<void> {
  await q.execute(sql`select pg_notify(${enqueueChannel}, '')`)
}
