/** What every use case gets: adapters that the two composition roots built, and who asks. */
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import type { Compiler } from '#server/services/compile/compiler.ts'
import type { RepositoryStore } from '#server/git/repository-store.ts'
import type { ArtifactStore } from '#server/storage/artifact-store.ts'
import type { ClusterSettings } from '../config/clusters.ts'
import type { Deployment } from '../domain/run/deployment.ts'
import type { Disks } from '../storage/disks.ts'
import type { TableComparer } from './comparison/table-comparer.ts'
import type { SecretBox } from './secret/secret-box.ts'

export interface ServiceContext {
  db: Database
  artifacts: ArtifactStore
  repositories: RepositoryStore
  compiler: Compiler
  deployment: Deployment
  /** The clusters that tasks may be pods on. */
  clusters: readonly ClusterSettings[]
  /** What new work would fill. */
  disks: Disks
  tables: TableComparer
  /** Seals and opens the secrets of teams. */
  secrets: SecretBox
  log: Logger
  /** The address users reach the product at, without a trailing slash. */
  publicUrl: string
}
