/** The one way to the database: a small pool with Drizzle on it. */
import { drizzle } from 'drizzle-orm/postgres-js'
import postgres from 'postgres'
import * as schema from './schema/index.ts'

export interface DatabaseOptions {
  /** Connections at most. */
  max?: number
  applicationName?: string
}

/** Opens a pool on `url` (`postgres://…`; a socket is `postgres://user:pw@/db?host=/folder`). Times are read as UTC. */
export function openDatabase(url: string, options: DatabaseOptions = {}) {
  const client = postgres(url, {
    max: options.max ?? 10,
    onnotice: () => {},
    connection: { application_name: options.applicationName ?? 'dagbok', TimeZone: 'UTC' },
  })
  return Object.assign(drizzle(client, { schema }), { close: () => client.end({ timeout: 5 }), client })
}

export type Database = ReturnType<typeof openDatabase>
/** A database or a transaction on it: what queries take. */
export type Queryable = Database | Parameters<Parameters<Database['transaction']>[0]>[0]
