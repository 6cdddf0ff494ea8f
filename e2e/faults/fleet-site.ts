/** A database, a repository with one DAG, and workers on them: where the fleet works. */
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { keepPostgres } from '#cli/start/postgres.ts'
import { openDatabase, type Database } from '#db/client.ts'
import { ensureDatabase } from '#db/embedded/postgres.ts'
import { migrateDatabase } from '#db/migrate.ts'
import { wakeScheduler } from '#db/queries/live.ts'
import { requestCancel } from '#db/queries/run-state.ts'
import { specOf } from '#db/queries/version.ts'
import type { Spec } from '#server/domain/dag/spec.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import { Disks } from '#server/storage/disks.ts'
import { Closers } from './closers.ts'
import { FleetWorker } from './fleet.ts'
import { startsOf } from './history.ts'
import { SmallDisk } from '#server/testing/small-disk.ts'
import { endThem, markedWith } from './survivors.ts'
import { Wire } from './wire.ts'

export interface Site {
  db: Database
  /** Of the database, for connections of the test's own. */
  url: string
  dag: { dagId: string; versionId: string; spec: Spec }
  fleet: FleetWorker[]
  /** Between each of them and the database, in the same order; none unless they were wanted. */
  wires: Wire[]
  hosted: Hosted
  /** Those that were wanted. */
  disks: Partial<Record<Place, SmallDisk>>
  ledger: string
  /** All of it is gone with the site. */
  folder: string
  /** Makes a run; its params are the ledger only. */
  start: () => Promise<string>
  /** Asks for the end of a run, as a user does. */
  cancel: (runId: string) => Promise<void>
  /** ms at which the code of each attempt started. */
  starts: () => Promise<Map<string, number[]>>
  killPostgres: () => Promise<void>
  close: () => Promise<void>
}

/** What may lie on a small disk: repositories and the store; the folders of attempts; the database. */
export type Place = 'data' | 'runtime' | 'postgres'

interface Wanted {
  notebook: string
  workers: number
  leaseMs: number
  /** Of workers of the pool; not given: that of the product. */
  poolLeaseMs?: number
  /** Whether each scheduler has a wire of its own to the database. */
  wired?: boolean
  /** Of the schedulers, over what they are given. */
  env?: Record<string, string>
  /** MB of each that is to be small. */
  small?: Partial<Record<Place, number>>
  /** Bytes that must be free for new work. */
  leastFree?: number
  /** What an earlier build does before this one migrates the database: it makes the schema, pushes the DAG, and may go on. */
  earlier?: (ground: Ground) => Promise<void>
}

/** What a build works on. */
export interface Ground {
  url: string
  /** Data folder. */
  data: string
  /** Where workers have their runtime folders. */
  runtime: string
  ledger: string
  /** Environment of its workers. */
  env: Record<string, string>
}

/** Small disks where they are wanted, folders elsewhere. */
async function layPlaces(
  folder: string,
  small: Partial<Record<Place, number>>,
  closers: Closers,
): Promise<Site['disks']> {
  const disks: Site['disks'] = {}
  for (const place of ['data', 'runtime', 'postgres'] as const) {
    const [path, size] = [join(folder, place), small[place]]
    if (size === undefined) await mkdir(path, { mode: 0o711 })
    else {
      const disk = await SmallDisk.mount(path, size)
      closers.add(() => disk.unmount())
      disks[place] = disk
    }
  }
  return disks
}

async function pushDag(hosted: Hosted, notebook: string): Promise<void> {
  const tree = await hosted.work('fleet', { 'fleet.dag.md': notebook })
  await tree.commit('A DAG for the fleet')
  await tree.git('push', '-q', hosted.remote('fleet'), 'main')
}

async function pushedDag(db: Database): Promise<Site['dag']> {
  const [version] = await db.client<{ id: string; dag: string }[]>`select id, dag_id as dag from version`
  const spec = version === undefined ? null : await specOf(db, version.id)
  if (version === undefined || spec === null) throw new Error('the push made no version')
  return { dagId: version.dag, versionId: version.id, spec }
}

/** A commit that comes often is prepared, and has a name from then on. */
const preparedCommit = /(dagbok_\d+)\0(commit)\0/

/** A wire to the database, whose socket has a name in its address; and the address through it. */
export async function wireTo(url: string, closers: Closers): Promise<{ wire: Wire; url: string }> {
  const address = new URL(url)
  const path = join(address.searchParams.get('host') ?? '', '.s.PGSQL.5432')
  const wire = await Wire.lay(() => ({ path }), preparedCommit)
  closers.add(() => wire.close())
  address.searchParams.delete('host')
  address.host = `127.0.0.1:${wire.port}`
  return { wire, url: address.href }
}

/** What of it was made is ended also when the rest fails. */
export async function openSite(wanted: Wanted): Promise<Site> {
  const closers = new Closers()
  try {
    return await openWith(wanted, closers)
  } catch (error) {
    await closers.close().catch((more: unknown) => console.error(more))
    throw error
  }
}

async function openWith(wanted: Wanted, closers: Closers): Promise<Site> {
  const { notebook, workers, leaseMs, poolLeaseMs, small = {}, leastFree = 0 } = wanted
  const shared = process.getuid?.() === 0 ? '/var/lib/dagbok' : null
  if (shared !== null) await mkdir(shared, { recursive: true, mode: 0o711 })
  const folder = await mkdtemp(join(shared ?? tmpdir(), 'fleet-'))
  closers.add(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o711)
  const disks = await layPlaces(folder, small, closers)
  const postgres = await keepPostgres(
    { folder: join(folder, 'postgres'), sharedBinaries: shared },
    (error) => {
      throw error
    },
  )
  closers.add(postgres.stop)
  await ensureDatabase(postgres, 'fleet')
  const url = postgres.url('fleet')
  const ledger = join(folder, 'ledger')
  await writeFile(ledger, '')
  // As root the tasks have another user id.
  await chmod(ledger, 0o666)
  const [data, runtime] = [join(folder, 'data'), join(folder, 'runtime')]
  const env = {
    DATABASE_URL: url,
    DAGBOK_DATA_DIR: data,
    DAGBOK_SECRETS_KEY: 'a key of tests, which is long enough',
    DAGBOK_TEST_LEASE_MS: String(leaseMs),
    ...(poolLeaseMs === undefined ? {} : { DAGBOK_TEST_POOL_LEASE_MS: String(poolLeaseMs) }),
    DAGBOK_MIN_FREE_BYTES: String(leastFree),
    NEXTAUTH_URL: 'http://dagbok.test',
    LOG_LEVEL: 'error',
    ...wanted.env,
  }
  await wanted.earlier?.({ url, data, runtime, ledger, env })
  await migrateDatabase(url)
  const db = openDatabase(url, { max: 4, applicationName: 'dagbok fault test' })
  closers.add(db.close)
  const hosted = await startHosted(db, data)
  closers.add(hosted.close)
  closers.add(async () => endThem(await markedWith(ledger)))
  hosted.ctx.disks = new Disks([{ place: 'the data folder', folder: hosted.folder }], leastFree)
  if (wanted.earlier === undefined) await pushDag(hosted, notebook)
  const dag = await pushedDag(db)
  const fleet: FleetWorker[] = []
  const wires: Wire[] = []
  for (let i = 0; i < workers; i++) {
    const own = wanted.wired === true ? await wireTo(url, closers) : null
    if (own !== null) wires.push(own.wire)
    const worker = await FleetWorker.make(runtime, own === null ? env : { ...env, DATABASE_URL: own.url })
    closers.add(() => worker.remove())
    fleet.push(worker)
  }
  return {
    db,
    url,
    dag,
    fleet,
    wires,
    hosted,
    disks,
    ledger,
    folder,
    start: async () => {
      const given = { ...dag, trigger: 'api', triggeredBy: null, params: { ledger } } as const
      return (await db.transaction((tx) => createRun(tx, given))).id
    },
    cancel: (runId) =>
      db.transaction(async (tx) => {
        if (await requestCancel(tx, runId, null)) await wakeScheduler(tx)
      }),
    starts: async () => startsOf(await readFile(ledger, 'utf8')),
    killPostgres: async () => {
      const holder = join(folder, 'postgres', 'cluster', 'postmaster.pid')
      const [pid] = (await readFile(holder, 'utf8')).split('\n')
      process.kill(Number(pid), 'SIGKILL')
    },
    close: () => closers.close(),
  }
}
