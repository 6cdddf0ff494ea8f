/** Commits of other repositories that a commit's components come from, with their files as a version has them (N7). */
import type { Queryable } from '#db/client.ts'
import { findRepository, repositoryById, type RepositoryRow } from '#db/queries/repository.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import {
  commitName,
  commitOf,
  folderOfCommit,
  isReserved,
  type UsedCommit,
} from '../../domain/notebook/compile/uses.ts'
import type { Text } from '../../domain/notebook/program.ts'
import type { BundleEntry } from '../../domain/version/bundle.ts'
import type { Quarantine } from '../../git/run-git.ts'
import type { CommitSource } from '../compile/compiler.ts'
import type { ServiceContext } from '../context.ts'
import { checkTree } from './check-tree.ts'
import { notebookTexts } from './notebook-texts.ts'

/** Commits that one commit may name, with what these name; files of all of them, and characters of their notebooks. */
const most = { commits: 50, files: 200_000, characters: 256 * 2 ** 20 }

export interface UsingCommit {
  repositoryId: string
  entries: readonly BundleEntry[]
  notebooks: ReadonlyMap<string, Text>
  /** Of a push that is not accepted yet. */
  quarantine: Quarantine | null
}

/** A commit with those that it uses. */
export interface WholeSource extends CommitSource {
  commits: Map<string, 'there' | 'no_commit'>
  unread: boolean
  /** Bytes of the files of used commits, by path. */
  sizes: Map<string, number>
}

const refuse = (what: string): never => {
  throw new DagbokError(
    'too_large',
    `Its components of other repositories ${what}: copy some of them into this one.`,
  )
}

class Gathering {
  readonly commits: WholeSource['commits'] = new Map()
  readonly sizes: WholeSource['sizes'] = new Map()
  readonly entries: BundleEntry[] = []
  readonly notebooks = new Map<string, Text>()
  readonly #asked = new Set<string>()
  readonly #ctx: ServiceContext
  readonly #q: Queryable
  readonly #using: UsingCommit
  #own: Promise<RepositoryRow | null> | null = null
  #characters = 0

  constructor(ctx: ServiceContext, q: Queryable, using: UsingCommit) {
    this.#ctx = ctx
    this.#q = q
    this.#using = using
  }

  /** Whoever may read the one may read the other: both are of one team. */
  async #find({ team, repo }: UsedCommit): Promise<RepositoryRow | null> {
    const own = await (this.#own ??= repositoryById(this.#q, this.#using.repositoryId))
    return own?.team === team ? findRepository(this.#q, team, repo) : null
  }

  async add(used: UsedCommit): Promise<void> {
    const name = commitName(used)
    if (this.#asked.has(name)) return
    this.#asked.add(name)
    if (this.#asked.size > most.commits) refuse(`are of more than ${most.commits} commits`)
    const repository = await this.#find(used)
    if (repository === null) return
    const quarantine = repository.id === this.#using.repositoryId ? this.#using.quarantine : null
    const found = await this.#ctx.repositories.commitOf(repository.id, used.sha, quarantine)
    this.commits.set(name, found === used.sha ? 'there' : 'no_commit')
    if (found !== used.sha) return
    const tree = await this.#ctx.repositories.tree(repository.id, used.sha, quarantine)
    const [refused] = await checkTree(this.#ctx, repository.id, tree, quarantine)
    if (refused !== undefined) throw new DagbokError('bad_input', `${name} cannot be used: ${refused}.`)
    const files = tree.filter((entry) => entry.kind === 'blob' && !isReserved(entry.path))
    if (this.entries.length + files.length > most.files)
      refuse(`are of commits with more than ${most.files} files`)
    const folder = folderOfCommit(used)
    for (const { path, mode, blob, size } of files) {
      this.entries.push({ path: `${folder}/${path}`, mode, blob, repository: repository.id })
      this.sizes.set(`${folder}/${path}`, size)
    }
    for (const [path, text] of await notebookTexts(this.#ctx, repository.id, files, quarantine)) {
      this.#characters += text.length
      if (this.#characters > most.characters)
        refuse(`are of commits with more than ${most.characters} characters of notebooks`)
      this.notebooks.set(`${folder}/${path}`, text)
    }
  }
}

/** Of most commits nothing has to be read again: none of their texts names another one. */
const namesCommit = (text: Text): boolean =>
  /@[0-9a-f]{40}/.test(typeof text === 'string' ? text : 'printed' in text ? text.printed : '')

/**
 * A commit for the compiler: with the files of the commits of other repositories that its notebooks use, and that these
 * use, each below its folder. Only repositories of its own team are looked at. Files of its own that are where those are
 * to be are left out.
 * @throws DagbokError `bad_input` where a used commit has what no push may have, `too_large`, `unavailable`
 */
export async function withUsedCommits(
  ctx: ServiceContext,
  q: Queryable,
  using: UsingCommit,
): Promise<WholeSource> {
  const gathering = new Gathering(ctx, q, using)
  const own = new Map([...using.notebooks].filter(([, text]) => namesCommit(text)))
  const seen = new Set<string>()
  let asked = own
  let unread = false
  while (asked.size > 0) {
    const found = await ctx.compiler.uses(new Map([...own, ...gathering.notebooks]), [...asked.keys()])
    const paths = found.uses
    unread ||= found.unread
    for (const path of paths) {
      const used = commitOf(path)
      if (used !== null) await gathering.add(used)
    }
    const fresh = paths.filter((path) => !seen.has(path) && gathering.notebooks.has(path))
    for (const path of fresh) seen.add(path)
    asked = new Map(fresh.map((path) => [path, gathering.notebooks.get(path) ?? '']))
  }
  const { commits, sizes } = gathering
  return {
    entries: [...using.entries.filter(({ path }) => !isReserved(path)), ...gathering.entries],
    notebooks: new Map([
      ...[...using.notebooks].filter(([path]) => !isReserved(path)),
      ...gathering.notebooks,
    ]),
    commits,
    unread,
    sizes,
  }
}
