/** The bare repositories on disk, by id. The port that services see; `hosted.ts` meets it. Reads only, but for `create` and `commit`. */
import type { BundleEntry } from '#server/domain/version/bundle.ts'

export interface CommitInfo {
  sha: string
  parents: string[]
  authorName: string
  authorEmail: string
  committedAt: Date
  subject: string
}

export interface FileEdit {
  /** Repository path. */
  path: string
  /** New bytes; null deletes the file. */
  content: Uint8Array | null
}

export interface RepositoryStore {
  /** Makes the bare repository with hooks and configuration, if it is not there. */
  create(repositoryId: string): Promise<void>
  /** Folder of the bare repository. */
  path(repositoryId: string): string
  /** Full ref name → sha, without our own refs. */
  refs(repositoryId: string): Promise<Map<string, string>>
  /** A branch, tag or (abbreviated) SHA to a full commit SHA. @throws DagbokError `not_found` */
  resolve(repositoryId: string, name: string): Promise<string>
  commit(repositoryId: string, sha: string): Promise<CommitInfo>
  /** Every file of a commit's tree, sorted by path. */
  tree(repositoryId: string, sha: string): Promise<(BundleEntry & { size: number })[]>
  blob(repositoryId: string, blob: string): Promise<Uint8Array>
  /** Keeps a version's commit for ever under `refs/dagbok/`. */
  pin(repositoryId: string, sha: string): Promise<void>
}
