/** What the supervisor hands to every process of the product. */
import type { Deployment } from '../domain/run/deployment.ts'
import { join } from 'node:path'
import { readClusters, warmCluster, type ClusterSettings } from './clusters.ts'
import { processSettings } from './environment.ts'
import { storePlace, type StorePlace } from './store.ts'

export interface ProductSettings {
  databaseUrl: string
  /** Data folder: repositories, and artifacts unless they are in a bucket. */
  dataFolder: string
  /** Where outputs and logs are. */
  store: StorePlace
  /** Folder that task processes may enter. */
  runtimeFolder: string
  /** The address users reach the product at; null where it is not known yet. */
  publicUrl: string | null
  logLevel: string
  /** Days that runs stay after their end; null: for ever. */
  keepRunDays: number | null
  /** Where runs and attempts are sent as spans, `http://HOST:4318`; null: nowhere. */
  collector: { endpoint: string; headers: Record<string, string> } | null
  /** Bytes that must be free on each disk for new work to start. */
  leastFree: number
  deployment: Deployment
  /** Seconds that a heartbeat of a worker of the pool is good for. */
  poolLease: number
  /** Whether interpreters are kept in store for tasks. */
  warm: boolean
  /** The clusters that tasks may be pods on. */
  clusters: ClusterSettings[]
  /** What secrets of teams are sealed with. */
  secretsKey: string
}

/** @throws DagbokError `bad_input`; or when it was not started by the supervisor */
export function productSettings(): ProductSettings {
  const settings = processSettings()
  const { DATABASE_URL, DAGBOK_DATA_DIR, LOG_LEVEL, NEXTAUTH_URL, DAGBOK_KEEP_RUN_DAYS } = settings
  const { DAGBOK_SECRETS_KEY } = settings
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers = {} } = settings
  const runtimeFolder = process.env['DAGBOK_RUNTIME_DIR']
  if (
    DATABASE_URL === undefined ||
    DAGBOK_DATA_DIR === undefined ||
    DAGBOK_SECRETS_KEY === undefined ||
    runtimeFolder === undefined
  )
    throw new Error('this process is started by `npm start`, which gives it its database, folders and keys')
  const clusters = readClusters(settings.DAGBOK_CLUSTERS_FILE ?? null)
  return {
    databaseUrl: DATABASE_URL,
    dataFolder: DAGBOK_DATA_DIR,
    store: storePlace(settings, join(DAGBOK_DATA_DIR, 'artifacts')),
    runtimeFolder,
    publicUrl: NEXTAUTH_URL?.replace(/\/$/, '') ?? null,
    logLevel: LOG_LEVEL,
    keepRunDays: DAGBOK_KEEP_RUN_DAYS ?? null,
    collector: endpoint === undefined ? null : { endpoint, headers },
    leastFree: settings.DAGBOK_MIN_FREE_BYTES,
    deployment: {
      parallelism: settings.DAGBOK_PARALLELISM ?? null,
      executor: settings.DAGBOK_EXECUTOR,
      processes: settings.DAGBOK_PROCESSES === '1',
      warm: warmCluster(clusters),
    },
    poolLease: settings.DAGBOK_POOL_LEASE_SECONDS,
    warm: settings.DAGBOK_WARM === '1',
    clusters,
    secretsKey: DAGBOK_SECRETS_KEY,
  }
}
