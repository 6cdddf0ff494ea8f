/** Brings a database to the schema of this build: forward only, one migrator at a time. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate as run } from 'drizzle-orm/node-postgres/migrator'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { openSql } from './sql.ts'

/** Any constant will do, so long as nothing else in the database locks it. */
const migrationLock = 0x6461676f

const folder = join(import.meta.dirname, 'migrations')

/** Times (ms) that the migrations of this build carry, oldest first. */
function known(): number[] {
  const journal = JSON.parse(readFileSync(join(folder, 'meta/_journal.json'), 'utf8')) as {
    entries: { when: number }[]
  }
  return journal.entries.map((entry) => entry.when)
}

/**
 * Applies what is missing. @throws DagbokError `unsupported` when the database was made by a newer build: an older one
 * would not understand what it reads.
 */
export async function migrateDatabase(url: string): Promise<void> {
  const client = openSql(url, { max: 1, applicationName: 'dagbok migrate' })
  try {
    await client`select pg_advisory_lock(${migrationLock})`
    const [row] = await client<
      { there: boolean }[]
    >`select to_regclass('drizzle.__drizzle_migrations') is not null as there`
    if (row?.there === true) {
      const [newest] = await client<
        { at: string | null }[]
      >`select max(created_at) as at from drizzle.__drizzle_migrations`
      if (Number(newest?.at ?? 0) > Math.max(...known()))
        throw new DagbokError(
          'unsupported',
          'The database was made by a newer Dagbok than this one. Start the newer one, or restore a backup from before the upgrade.',
        )
    }
    await run(drizzle(client.pool), { migrationsFolder: folder })
  } finally {
    await client.end()
  }
}
