/** The one way to the database: a small pool with Drizzle on it. */
import type { SQL } from 'drizzle-orm'
import { drizzle } from 'drizzle-orm/node-postgres'
import * as schema from './schema/index.ts'
import { openSql, type ClientOptions } from './sql.ts'

/**
 * ms after which the database closes a transaction in which nothing happens: a process that is paused, or that nobody
 * reaches any more, holds its locks no longer than its leases.
 */
export const idleInTransactionMs = 30_000

/** Opens a pool with the schema on it. Times are read and written as UTC. */
export function openDatabase(url: string, options: Omit<ClientOptions, 'idleInTransactionMs'> = {}) {
  const client = openSql(url, { ...options, idleInTransactionMs })
  return Object.assign(drizzle(client.pool, { schema }), { close: () => client.end(), client })
}

/**
 * Whether Postgres undid a transaction for no fault of its statements: for another one's sake (a deadlock, a serialization
 * failure), or since it did not know the name of a prepared one. It may be done again.
 */
export function wasUndone(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  if (code === '40P01' || code === '40001' || code === '26000' || code === '42P05') return true
  return typeof cause === 'object' && cause !== null && wasUndone(cause)
}

export type Database = ReturnType<typeof openDatabase>
/** A database or a transaction on it: what queries take. */
export type Queryable = Database | Parameters<Parameters<Database['transaction']>[0]>[0]

/** Rows of a statement written out, not built: its columns as Postgres names them, times as it writes them. */
export async function rowsOf<Row extends object>(q: Queryable, statement: SQL): Promise<Row[]> {
  return (await q.execute(statement)).rows as Row[]
}
