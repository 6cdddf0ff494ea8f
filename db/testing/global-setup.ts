/** One embedded Postgres for a test process run, with a migrated template; ended when the run is over. */
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { ensureDatabase, startEmbeddedPostgres } from '../embedded/postgres.ts'
import { migrateDatabase } from '../migrate.ts'
import { openSql } from '../sql.ts'

declare module 'vitest' {
  interface ProvidedContext {
    databaseUrl: string
  }
}

/** As root another user id must be able to reach the cluster, so it cannot be below a private temp folder. */
const shared = process.getuid?.() === 0 ? '/var/lib/dagbok' : null

/**
 * What is committed outlives a kill of the server, as it must in tests; that it outlives a loss of power, for which the
 * server waits for the disk at each commit, no test can tell.
 */
async function waitForNoDisk(url: string): Promise<void> {
  const client = openSql(url, { max: 1 })
  try {
    await client.run('alter system set fsync = off')
    await client.run('alter system set full_page_writes = off')
    await client.run('select pg_reload_conf()')
  } finally {
    await client.end()
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  if (shared !== null) await mkdir(shared, { recursive: true, mode: 0o711 })
  const folder = await mkdtemp(join(shared ?? tmpdir(), 'test-'))
  const server = await startEmbeddedPostgres({ folder, sharedBinaries: shared }).catch(
    async (error: unknown) => {
      await rm(folder, { recursive: true, force: true })
      throw error
    },
  )
  await waitForNoDisk(server.url('postgres'))
  await ensureDatabase(server, 'template')
  await migrateDatabase(server.url('template'))
  project.provide('databaseUrl', server.url('postgres'))
  return async () => {
    await server.stop()
    await rm(folder, { recursive: true, force: true })
  }
}
