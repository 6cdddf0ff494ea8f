import { sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'

/** Whether the database answers a question; never throws. */
export async function databaseAnswers(q: Queryable): Promise<boolean> {
  return q.execute(sql`select 1`).then(
    () => true,
    () => false,
  )
}
