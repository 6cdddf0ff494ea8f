import { setTimeout as pause } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'

/** ms that whoever asks for its health waits for the database: probes wait for seconds, not for a statement's whole bound. */
const patience = 5000

/** Whether the database answers a question, soon; never throws. */
export async function databaseAnswers(q: Queryable, ms = patience): Promise<boolean> {
  const over = new AbortController()
  const late = pause(ms, false, { ref: false, signal: over.signal }).catch(() => false)
  const answered = q.execute(sql`select 1`).then(
    () => true,
    () => false,
  )
  return Promise.race([answered, late]).finally(() => over.abort())
}
