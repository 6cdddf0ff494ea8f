/** Brings a database to the schema of this build: forward only, one migrator at a time. */
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as run } from 'drizzle-orm/node-postgres/migrator'
import {
  judgeSchema,
  migrationsFolder,
  own,
  refuseOlderBuilds,
  schemaState,
  tooNew,
} from './schema-version.ts'
import { wasUndone } from './client.ts'
import { openSql } from './sql.ts'

/** Any constant will do, so long as nothing else in the database locks it. */
const migrationLock = 0x6461676f

/** How often it is begun that Postgres undoes for another one's sake: an earlier build may be at work. */
const mostTries = 5

async function again(work: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++)
    try {
      return await work()
    } catch (error) {
      if (!wasUndone(error) || tries === mostTries) throw error
    }
}

/**
 * Applies what is missing. A database of a newer build stays as it is, where that build says that this one may work on it.
 * @throws DagbokError `unsupported` where it may not: it would not understand what it reads
 */
export async function migrateDatabase(url: string): Promise<void> {
  const client = openSql(url, { max: 1, applicationName: 'dagbok migrate' })
  try {
    await client`select pg_advisory_lock(${migrationLock})`
    const state = await schemaState(client)
    if (judgeSchema(state, own.newest) === 'too_new') throw tooNew()
    if (state.newest > own.newest) return
    await refuseOlderBuilds(client)
    await again(() => run(drizzle(client.pool), { migrationsFolder }))
  } finally {
    await client.end()
  }
}
