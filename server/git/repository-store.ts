/** The bare repositories on disk, by id: the port that services see; `hosted.ts` meets it. */
import type { Quarantine } from './run-git.ts'
import type { TreeEntry } from './tree.ts'

export interface CommitInfo {
  sha: string
  parents: string[]
  authorName: string
  authorEmail: string
  committedAt: Date
  subject: string
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
  /** The commit that an object is, or an annotated tag names; null for a tree or a file. */
  commitOf(repositoryId: string, sha: string, quarantine?: Quarantine | null): Promise<string | null>
  /**
   * Every file of a commit's tree, sorted by path; `quarantine` reads a push that is not accepted yet.
   * @throws DagbokError `too_large` when it is more than can be held
   */
  tree(repositoryId: string, sha: string, quarantine?: Quarantine | null): Promise<TreeEntry[]>
  /**
   * Bytes by blob id; ids that are not there, and blobs of more than `largest` bytes, are left out. They are held in memory:
   * ask for what is needed.
   */
  blobs(
    repositoryId: string,
    blobs: readonly string[],
    quarantine?: Quarantine | null,
    largest?: number,
  ): Promise<Map<string, Buffer>>
  /** Bytes of each blob that is there. */
  blobSizes(
    repositoryId: string,
    blobs: readonly string[],
    quarantine?: Quarantine | null,
  ): Promise<Map<string, number>>
  /** Whether `ancestor` is in the history of `sha`. */
  isAncestor(
    repositoryId: string,
    ancestor: string,
    sha: string,
    quarantine?: Quarantine | null,
  ): Promise<boolean>
  /** Whether a branch or a tag has the commit in its history. */
  isReachable(repositoryId: string, sha: string): Promise<boolean>
  /** Keeps a version's commit for ever under `refs/dagbok/`. */
  pin(repositoryId: string, sha: string): Promise<void>
  /** Removes what killed programs left: stale locks, quarantine folders. Gives how many. Leaves alone what is in use. */
  sweep(repositoryId: string): Promise<number>
}
