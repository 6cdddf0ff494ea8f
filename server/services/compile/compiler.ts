/** Compiling as a service: whoever needs it gets it from the context, and nobody waits for somebody else's notebook. */
import type { BundleEntry } from '../../domain/version/bundle.ts'
import type { Compiled } from '../../domain/notebook/compile.ts'
import type { Text } from '../../domain/notebook/program.ts'
import type { SnapshotDag } from '../../domain/version/snapshot.ts'

/** A commit as far as a compilation looks at it. */
export interface CommitSource {
  entries: readonly BundleEntry[]
  /** Texts of its notebooks, by path; of programs, what they printed. */
  notebooks: ReadonlyMap<string, Text>
  /**
   * Commits of other repositories that are used and may be, by `TEAM/REPO@SHA`: whether there is such a commit. Those that are
   * there have their files among `entries` and `notebooks`, below `folderOfCommit`.
   */
  commits?: ReadonlyMap<string, 'there' | 'no_commit'>
  /** Whether all that names such commits was read: of one that is not among them, nobody knows then what it is. */
  unread?: boolean
}

export type CheckedText = Pick<Compiled, 'cells' | 'faults' | 'graph'> & {
  /** Repository paths of what the notebook can read. */
  bundle: string[]
}

/** Components of other repositories that a notebook leads to, as paths of the version. */
export interface UsedPaths {
  uses: string[]
  /** Whether a notebook was beyond the bounds: what it uses is not among them. */
  unread: boolean
}

export interface Compiler {
  /** Every DAG of a commit. A notebook that is beyond the bounds has a fault that says so; the others have their spec. */
  commit(source: CommitSource): Promise<SnapshotDag[]>
  /** The notebook at `path`, which is one of the source's. */
  text(source: CommitSource, path: string): Promise<CheckedText>
  /**
   * Components of other repositories that these notebooks use; one of a used commit with those that it uses of its own commit.
   */
  uses(notebooks: CommitSource['notebooks'], paths: readonly string[]): Promise<UsedPaths>
}
