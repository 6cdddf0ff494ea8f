/** Hints: what has changed, for pages and workers that listen. They carry names only; facts are read. */
import { sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'

export const liveChannel = 'dagbok_live'
export const workChannel = 'dagbok_work'
export const enqueueChannel = 'dagbok_enqueue'
export const programChannel = 'dagbok_program'

/** `run:ID`, `dag:ID`, `log:ATTEMPT`, `repository:ID`, `pool:TEAM`, `secret:TEAM`, `worker:TEAM`. Sent when the transaction commits. */
export async function announce(q: Queryable, topics: readonly string[]): Promise<void> {
  const calls = [...new Set(topics)].map((topic) => sql`pg_notify(${liveChannel}, ${topic})`)
  if (calls.length > 0) await q.execute(sql`select ${sql.join(calls, sql`, `)}`)
}

/** Tells schedulers that there is something to do. */
export async function wakeScheduler(q: Queryable): Promise<void> {
  await q.execute(sql`select pg_notify(${workChannel}, '')`)
}

/** Tells whoever runs programs that one is asked for. */
export async function wakeProgramRunner(q: Queryable): Promise<void> {
  await q.execute(sql`select pg_notify(${programChannel}, '')`)
}

/** Why runs may be made: a schedule or a backfill changed, an event is to be followed, a run made place. */
export const enqueueReasons = ['schedule', 'backfill', 'event', 'place'] as const
export type EnqueueReason = (typeof enqueueReasons)[number]

/** Tells whoever makes runs that there may be some to make. */
export async function wakeEnqueuers(q: Queryable, why: EnqueueReason): Promise<void> {
  await q.execute(sql`select pg_notify(${enqueueChannel}, ${why})`)
}
