/** Hosted repositories: bare ones in a folder, by id. */
import { mkdir, readdir, realpath, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { DagbokError } from '../domain/errors/errors.ts'
import { hookScript } from './hooks/hook-script.ts'
import type { CommitInfo, RepositoryStore } from './repository-store.ts'
import { isRefName, isSha, runGit, tryGit, type Quarantine } from './run-git.ts'
import { endPushes, sweepRepository } from './stale.ts'
import { blobSizes, listTree, readBlobs, type TreeEntry } from './tree.ts'

/** The last second of the year 9999: a commit may be dated as its author likes. */
const latest = 253_402_300_799

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/

/** Our own configuration of each repository; a push cannot change it. */
const config = `[core]
\trepositoryformatversion = 0
\tbare = true
\tfilemode = true
\tfsync = all
\tlogallrefupdates = true
[receive]
\tfsckObjects = true
\tadvertisePushOptions = true
\tmaxInputSize = 1073741824
\tautogc = false
\tdenyDeletes = false
[transfer]
\thideRefs = refs/dagbok
[uploadpack]
\tallowFilter = true
[http]
\treceivepack = true
[gc]
\tauto = 0
`

async function writeHooks(repository: string): Promise<void> {
  for (const hook of ['pre-receive', 'post-receive'] as const) {
    const aside = join(repository, 'hooks', `${hook}.new`)
    await writeFile(aside, hookScript(hook), { mode: 0o755 })
    await rename(aside, join(repository, 'hooks', hook))
  }
}

const exists = async (path: string) => (await stat(path).catch(() => null)) !== null

export class HostedRepositories implements RepositoryStore {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  path(repositoryId: string): string {
    if (!uuid.test(repositoryId)) throw new DagbokError('not_found', 'There is no such repository.')
    return join(this.#folder, `${repositoryId}.git`)
  }

  async create(repositoryId: string): Promise<void> {
    const path = this.path(repositoryId)
    if (await exists(path)) return
    const aside = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`
    await mkdir(aside, { recursive: true, mode: 0o700 })
    await runGit({
      repository: aside,
      args: ['init', '--bare', '--quiet', '--initial-branch=main', '--template='],
    })
    await writeFile(join(aside, 'config'), config)
    await mkdir(join(aside, 'hooks'))
    await writeHooks(aside)
    await rename(aside, path).catch(async (error: unknown) => {
      await rm(aside, { recursive: true, force: true })
      if (!(await exists(path))) throw error
    })
  }

  /** For the web process's start: ends pushes of an earlier life, and removes what they left. */
  async recover(): Promise<void> {
    const names = await readdir(this.#folder).catch(() => null)
    if (names === null) return
    const folder = await realpath(this.#folder)
    await endPushes(folder)
    for (const name of names) {
      if (!uuid.test(name.replace(/\.git$/, '')))
        await rm(join(folder, name), { recursive: true, force: true })
      else {
        // Those of an earlier release check what that release checked.
        await writeHooks(join(folder, name))
        await sweepRepository(join(folder, name))
      }
    }
  }

  async sweep(repositoryId: string): Promise<number> {
    return sweepRepository(await realpath(this.path(repositoryId)))
  }

  async refs(repositoryId: string): Promise<Map<string, string>> {
    const text = (
      await runGit({
        repository: this.path(repositoryId),
        args: [
          'for-each-ref',
          '--format=%(refname)%00%(objectname)%00%(objecttype)%00%(*objectname)%00%(*objecttype)',
          'refs/heads',
          'refs/tags',
        ],
      })
    ).toString()
    const found = new Map<string, string>()
    for (const line of text.split('\n').filter((one) => one !== '')) {
      const [name = '', sha = '', type = '', peeled = '', peeledType = ''] = line.split('\0')
      // A tag of a tag is taken off by hand; one of a file or a tree names no commit, and holds no version.
      const commit =
        type === 'commit'
          ? sha
          : peeledType === 'commit'
            ? peeled
            : peeledType === 'tag'
              ? await this.commitOf(repositoryId, sha)
              : null
      if (commit !== null) found.set(name, commit)
    }
    return found
  }

  async commitOf(
    repositoryId: string,
    sha: string,
    quarantine: Quarantine | null = null,
  ): Promise<string | null> {
    return isSha(sha) ? this.#commit(repositoryId, sha, quarantine) : null
  }

  /** @param name hexadecimal digits */
  async #commit(
    repositoryId: string,
    name: string,
    quarantine: Quarantine | null = null,
  ): Promise<string | null> {
    const { code, stdout } = await tryGit({
      repository: this.path(repositoryId),
      quarantine,
      args: ['rev-parse', '--verify', '--quiet', '--end-of-options', `${name}^{commit}`],
    })
    // It was ended, and has said nothing of the commit.
    if (code < 0) throw new DagbokError('unavailable', 'The repository could not be asked for a commit.')
    const found = stdout.toString().trim().split('\n').at(-1) ?? ''
    return code === 0 && isSha(found) ? found : null
  }

  async resolve(repositoryId: string, name: string): Promise<string> {
    const candidates = name.startsWith('refs/') ? [name] : [`refs/heads/${name}`, `refs/tags/${name}`]
    const refs = await this.refs(repositoryId)
    for (const candidate of candidates) {
      const sha = isRefName(candidate) ? refs.get(candidate) : undefined
      if (sha !== undefined) return sha
    }
    if (/^[0-9a-f]{4,40}$/.test(name)) {
      const sha = await this.#commit(repositoryId, name)
      if (sha !== null) return sha
    }
    throw new DagbokError('not_found', `There is no branch, tag or commit '${name}'.`)
  }

  async commit(repositoryId: string, sha: string): Promise<CommitInfo> {
    if (!isSha(sha)) throw new DagbokError('not_found', 'There is no such commit.')
    const format = '%H%x00%P%x00%an%x00%ae%x00%ct%x00%s'
    const text = (
      await runGit({
        repository: this.path(repositoryId),
        args: ['log', '-1', `--format=${format}`, '--end-of-options', sha],
      })
    )
      .toString()
      .trimEnd()
    const [found = '', parents = '', authorName = '', authorEmail = '', committedAt = '', subject = ''] =
      text.split('\0')
    return {
      sha: found,
      parents: parents.split(' ').filter(isSha),
      authorName,
      authorEmail,
      committedAt: new Date(Math.min(Math.max(0, Number(committedAt) || 0), latest) * 1000),
      subject,
    }
  }

  tree(repositoryId: string, sha: string, quarantine: Quarantine | null = null): Promise<TreeEntry[]> {
    return listTree(this.path(repositoryId), sha, quarantine)
  }

  blobs(
    repositoryId: string,
    blobs: readonly string[],
    quarantine: Quarantine | null = null,
    largest = Infinity,
  ): Promise<Map<string, Buffer>> {
    return readBlobs(this.path(repositoryId), blobs, quarantine, largest)
  }

  blobSizes(
    repositoryId: string,
    blobs: readonly string[],
    quarantine: Quarantine | null = null,
  ): Promise<Map<string, number>> {
    return blobSizes(this.path(repositoryId), blobs, quarantine)
  }

  async isAncestor(
    repositoryId: string,
    ancestor: string,
    sha: string,
    quarantine: Quarantine | null = null,
  ): Promise<boolean> {
    if (!isSha(ancestor) || !isSha(sha)) return false
    const { code } = await tryGit({
      repository: this.path(repositoryId),
      quarantine,
      args: ['merge-base', '--is-ancestor', ancestor, sha],
    })
    return code === 0
  }

  async isReachable(repositoryId: string, sha: string): Promise<boolean> {
    if (!isSha(sha)) return false
    const { code, stdout } = await tryGit({
      repository: this.path(repositoryId),
      args: ['for-each-ref', '--count=1', '--contains', sha, 'refs/heads', 'refs/tags'],
    })
    return code === 0 && stdout.length > 0
  }

  async pin(repositoryId: string, sha: string): Promise<void> {
    if (!isSha(sha)) throw new DagbokError('not_found', 'There is no such commit.')
    await runGit({
      repository: this.path(repositoryId),
      args: ['update-ref', `refs/dagbok/pins/${sha}`, sha],
    })
  }
}
