/** The one way to the database: a small pool with Drizzle on it. */
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import * as schema from './schema/index.ts'

export interface DatabaseOptions {
  /** Connections at most. */
  max?: number
  applicationName?: string
  /** After which the database closes a transaction in which nothing happens; without, it waits. */
  idleInTransactionMs?: number
}

/**
 * A client without Drizzle, for one-off statements and LISTEN. `url` is `postgres://…`; a Unix socket is named by its
 * folder in the query: `postgres://user:password@localhost/name?host=/folder`.
 */
export function openClient(url: string, options: DatabaseOptions = {}): postgres.Sql {
  const address = new URL(url)
  const socket = address.searchParams.get('host')
  address.searchParams.delete('host')
  return postgres(address.href, {
    ...(socket === null ? {} : { host: socket }),
    max: options.max ?? 10,
    // Seconds; the driver's own grows to 20.
    backoff: (tried: number) => Math.min(1, 0.02 * 2 ** tried) * (0.5 + Math.random() / 2),
    onnotice: () => {},
    connection: {
      application_name: options.applicationName ?? 'dagbok',
      TimeZone: 'UTC',
      ...(options.idleInTransactionMs === undefined
        ? {}
        : { idle_in_transaction_session_timeout: options.idleInTransactionMs }),
    },
  })
}

/**
 * ms after which the database closes a transaction in which nothing happens: a process that is paused, or that nobody
 * reaches any more, holds its locks no longer than its leases.
 */
export const idleInTransactionMs = 30_000

/** Opens a pool with the schema on it. Times are read and written as UTC. */
export function openDatabase(url: string, options: DatabaseOptions = {}) {
  const client = openClient(url, { ...options, idleInTransactionMs })
  return Object.assign(drizzle(client, { schema }), { close: () => client.end({ timeout: 5 }), client })
}

/** Whether Postgres undid a transaction for another one's sake: a deadlock, a serialization failure. It may be done again. */
export function wasUndone(error: unknown): boolean {
  const { code, cause } = error as { code?: unknown; cause?: unknown }
  if (code === '40P01' || code === '40001') return true
  return typeof cause === 'object' && cause !== null && wasUndone(cause)
}

export type Database = ReturnType<typeof openDatabase>
/** A database or a transaction on it: what queries take. */
export type Queryable = Database | Parameters<Parameters<Database['transaction']>[0]>[0]
