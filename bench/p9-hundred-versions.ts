/**
 * P9: a hundred versions of one DAG beside 1,000 files, 5 of which change each time. First through the product: one run
 * of each version at the same time, and the first one again; each must print its own constant. Then what a version's
 * files cost: ours, laid out anew (cold) and copied for one more attempt (warm), in turn with `git worktree add` and
 * `git clone --shared`.
 */
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filesOf } from '#server/services/version/bundle-files.ts'
import { HostedRepositories } from '#server/git/hosted.ts'
import { Checkouts } from '#workers/executors/process/checkouts.ts'
import { git } from './harness/git.ts'
import { inTurn } from './harness/in-turn.ts'
import { Progress } from './harness/progress.ts'
import { startProduct, type Product } from './harness/product.ts'
import { startRun, succeeded, untilOver } from './harness/runs.ts'
import { compare, round, spread, type Row } from './harness/statistics.ts'

interface Size {
  versions: number
  files: number
}

/** Files that each commit changes; the first of them has the constant that its run prints. */
const changed = 5
const peerName = 'git worktree add'
const cloneName = 'git clone --shared'
const repository = 'versions'
const dag = 'many'
const notebook = `---\ndagbok: 1\nid: ${dag}\n---\n\n\`\`\`yaml task\nid: say\n\`\`\`\n\`\`\`bash script\ncat file-0.txt\n\`\`\`\n`
const constant = (version: number) => `constant ${version}`

/** A repository with so many commits. @returns their ids, the oldest first */
async function makeCommits(work: string, { versions, files }: Size): Promise<string[]> {
  await git(work, 'init', '-q', '-b', 'main')
  // At the top of a repository a notebook has only what it includes.
  await mkdir(join(work, dag))
  await writeFile(join(work, dag, `${dag}.dag.md`), notebook)
  for (let i = 0; i < files - 1; i++)
    await writeFile(join(work, dag, `file-${i}.txt`), `file ${i} of the first commit\n`)
  const commits: string[] = []
  for (let v = 1; v <= versions; v++) {
    for (let n = 0; n < changed; n++) {
      const i = n === 0 ? 0 : (v * (changed - 1) + n) % (files - 1)
      await writeFile(
        join(work, dag, `file-${i}.txt`),
        n === 0 ? `${constant(v)}\n` : `file ${i} of commit ${v}\n`,
      )
    }
    await git(work, 'add', '-A')
    await git(work, 'commit', '-qm', `Commit ${v}`)
    commits.push((await git(work, 'rev-parse', 'HEAD')).trim())
  }
  return commits
}

/** @throws when it did not succeed, or printed another version's constant */
async function checkRun(product: Product, id: string, version: number): Promise<void> {
  await succeeded(product, id)
  const log = (await product.api(`/runs/${id}/tasks/say/attempts/1/log`)) as string
  if (log.trim() !== constant(version)) throw new Error(`the run of commit ${version} printed ${log}`)
}

/** Every version is pushed, all are run at the same time, then the first one again. */
async function throughTheProduct(product: Product, work: string, commits: string[]): Promise<Row[]> {
  await git(work, 'remote', 'add', 'ours', product.remote(repository))
  const progress = new Progress('push', commits.length)
  for (const sha of commits) {
    await git(work, 'push', '-q', 'ours', `${sha}:refs/heads/main`)
    progress.step()
  }
  progress.end()
  const start = performance.now()
  const ids = await Promise.all(commits.map((sha) => startRun(product, repository, dag, sha)))
  await untilOver(product, repository, dag, ids)
  const together = performance.now() - start
  for (const [i, id] of ids.entries()) await checkRun(product, id, i + 1)
  const again = performance.now()
  const id = await startRun(product, repository, dag, commits[0])
  await untilOver(product, repository, dag, [id])
  const alone = performance.now() - again
  await checkRun(product, id, 1)
  return [
    {
      figure: `one run of each of ${commits.length} versions, a version`,
      ms: round(together / ids.length),
    },
    { figure: 'the first version again', ms: round(alone) },
  ]
}

/** Bytes on disk below a folder; of files with several names once. */
async function bytesBelow(folder: string, seen = new Set<number>()): Promise<number> {
  let bytes = 0
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    const { ino, blocks } = await stat(path)
    if (!seen.has(ino)) bytes += blocks * 512
    seen.add(ino)
    if (entry.isDirectory()) bytes += await bytesBelow(path, seen)
  }
  return bytes
}

interface LaidOut {
  name: string
  /** Lays the next version out, or copies it once more. */
  lay: () => Promise<unknown>
  /** What of it stays; null: nothing of its own. */
  kept: string | null
}

/** Ours and git's, each for one version after the other. The first of them goes on to the next one. */
function layers(bare: string, folder: string, commits: readonly string[], checkouts: Checkouts): LaidOut[] {
  let [at, attempt] = [-1, 0]
  const sha = () => commits[at] ?? ''
  const copy = () => checkouts.copy(sha(), join(folder, 'attempts', String(attempt++)))
  const next = () => {
    at++
    return copy()
  }
  const clone = async () => {
    const target = join(folder, 'clones', sha())
    await git(folder, 'clone', '-q', '--shared', '--no-checkout', bare, target)
    await git(target, 'checkout', '-q', '--detach', sha())
  }
  const worktree = () => git(bare, 'worktree', 'add', '--detach', join(folder, 'worktrees', sha()), sha())
  return [
    { name: 'cold', lay: next, kept: join(folder, 'laid') },
    { name: 'warm', lay: copy, kept: null },
    { name: peerName, lay: worktree, kept: join(folder, 'worktrees') },
    { name: cloneName, lay: clone, kept: join(folder, 'clones') },
  ]
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

const megabytes = (bytes: number) => round(bytes / 2 ** 20)

/** The same files by ours and by git, one version after the other. */
async function layingOut(folder: string, work: string, commits: string[]): Promise<Row[]> {
  const repositories = new HostedRepositories(join(folder, 'repositories'))
  const id = crypto.randomUUID()
  await repositories.create(id)
  const bare = repositories.path(id)
  await git(bare, 'fetch', '-q', work, 'main:main')
  for (const place of ['laid', 'attempts', 'worktrees', 'clones']) await mkdir(join(folder, place))
  const blobs = new Set<string>()
  const checkouts = new Checkouts(
    join(folder, 'laid'),
    async function* (sha) {
      const bundle = await repositories.tree(id, sha)
      for (const { blob } of bundle) blobs.add(blob)
      yield* filesOf(repositories, id, bundle)
    },
    { bootId: null, keep: commits.length },
  )
  const sides = layers(bare, folder, commits, checkouts)
  const values = await inTurn(
    sides.map(({ name, lay }) => ({ name, once: () => timed(lay) })),
    commits.length - 1,
    'version',
  )
  const rows: Row[] = []
  for (const { name, kept } of sides) {
    const ms = values.get(name) ?? []
    rows.push({
      figure: `files of a version: ${name}`,
      ...spread(ms),
      ...compare(ms, { 'worktree add': values.get(peerName), 'clone --shared': values.get(cloneName) }),
      ...(kept === null ? {} : { 'MB kept': megabytes(await bytesBelow(kept)) }),
    })
  }
  // A file has one block at least.
  const least = {
    figure: `${blobs.size} different files, one block each`,
    'MB kept': megabytes(blobs.size * 4096),
  }
  return [...rows, least]
}

/** @returns rows of the table. Every run is checked: it succeeded and printed the constant of its own version. */
export async function hundredVersions(size: Size): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-p9-'))
  const work = join(folder, 'work')
  await mkdir(work)
  const product = await startProduct({ seed: false })
  try {
    const commits = await makeCommits(work, size)
    const rows = await throughTheProduct(product, work, commits)
    return [...rows, ...(await layingOut(folder, work, commits))]
  } finally {
    await product.stop()
    await rm(folder, { recursive: true, force: true })
  }
}

/** Only what the files of so many versions cost, without the product. @returns rows of the table */
export async function filesOfVersions(size: Size): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-p9-'))
  const work = join(folder, 'work')
  try {
    await mkdir(work)
    return await layingOut(folder, work, await makeCommits(work, size))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
