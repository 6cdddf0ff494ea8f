/** A database, a repository with one DAG, and workers on them: where the fleet works. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepPostgres } from '#cli/start/postgres.ts'
import { openDatabase, type Database } from '#db/client.ts'
import { ensureDatabase } from '#db/embedded/postgres.ts'
import { migrateDatabase } from '#db/migrate.ts'
import { specOf } from '#db/queries/version.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { startHosted } from '#server/testing/hosted.ts'
import { FleetWorker } from './fleet.ts'
import { startsOf } from './history.ts'
import { endThem, markedWith } from './survivors.ts'

export interface Site {
  db: Database
  /** Of the database, for connections of the test's own. */
  url: string
  dag: { dagId: string; versionId: string; spec: Spec }
  fleet: FleetWorker[]
  ledger: string
  /** Makes a run; its params are the ledger only. */
  start: () => Promise<string>
  /** ms at which the code of each attempt started. */
  starts: () => Promise<Map<string, number[]>>
  killPostgres: () => Promise<void>
  close: () => Promise<void>
}

interface Wanted {
  notebook: string
  workers: number
  leaseMs: number
}

async function pushedDag(db: Database): Promise<Site['dag']> {
  const [version] = await db.client<{ id: string; dag: string }[]>`select id, dag_id as dag from version`
  const spec = version === undefined ? null : await specOf(db, version.id)
  if (version === undefined || spec === null) throw new Error('the push made no version')
  return { dagId: version.dag, versionId: version.id, spec }
}

export async function openSite({ notebook, workers, leaseMs }: Wanted): Promise<Site> {
  const shared = process.getuid?.() === 0 ? '/var/lib/dagbok' : null
  if (shared !== null) await mkdir(shared, { recursive: true, mode: 0o711 })
  const folder = await mkdtemp(join(shared ?? tmpdir(), 'fleet-'))
  await chmod(folder, 0o711)
  const postgres = await keepPostgres(
    { folder: join(folder, 'postgres'), sharedBinaries: shared },
    (error) => {
      throw error
    },
  )
  await ensureDatabase(postgres, 'fleet')
  const url = postgres.url('fleet')
  await migrateDatabase(url)
  const db = openDatabase(url, { max: 4, applicationName: 'dagbok fault test' })
  const hosted = await startHosted(db)
  const ledger = join(folder, 'ledger')
  await writeFile(ledger, '')
  // As root the tasks have another user id.
  await chmod(ledger, 0o666)
  const tree = await hosted.work('fleet', { 'fleet.dag.md': notebook })
  await tree.commit('A DAG for the fleet')
  await tree.git('push', '-q', hosted.remote('fleet'), 'main')
  const dag = await pushedDag(db)
  const env = {
    DATABASE_URL: url,
    DAGBOK_DATA_DIR: hosted.folder,
    DAGBOK_TEST_LEASE_MS: String(leaseMs),
    NEXTAUTH_URL: 'http://dagbok.test',
    LOG_LEVEL: 'error',
  }
  const fleet: FleetWorker[] = []
  for (let i = 0; i < workers; i++) fleet.push(await FleetWorker.make(folder, env))
  return {
    db,
    url,
    dag,
    fleet,
    ledger,
    start: async () => {
      const given = { ...dag, trigger: 'api', triggeredBy: null, params: { ledger } } as const
      return (await db.transaction((tx) => createRun(tx, given))).id
    },
    starts: async () => startsOf(await readFile(ledger, 'utf8')),
    killPostgres: async () => {
      const holder = join(folder, 'postgres', 'cluster', 'postmaster.pid')
      const [pid] = (await readFile(holder, 'utf8')).split('\n')
      process.kill(Number(pid), 'SIGKILL')
    },
    close: async () => {
      for (const worker of fleet) await worker.remove()
      endThem(await markedWith(ledger))
      await hosted.close()
      await db.close()
      await postgres.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}
