/**
 * P8: a push of one changed DAG to a repository of 10 DAGs and 1,000 (or 10,000) files. Ours is timed until the API
 * lists the version and until the run that `-o run` asked for starts its first task; the peer is the same push to
 * `git http-backend` with an empty hook. They take turns; who goes first changes with each pair.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBareGitServer } from './harness/bare-git-server.ts'
import { git } from './harness/git.ts'
import { Progress } from './harness/progress.ts'
import { startProduct, type Product } from './harness/product.ts'
import { newestRuns, succeeded, untilOver, type RunAnswer } from './harness/runs.ts'
import { compare, spread, type Row } from './harness/statistics.ts'

export const dags = Array.from({ length: 10 }, (_, i) => `bench-${i}`)

export const notebook = (id: string, text: string) =>
  `---\ndagbok: 1\nid: ${id}\n---\n\n\`\`\`yaml task\nid: say\n\`\`\`\n\`\`\`bash script\necho "${text}"\n\`\`\`\n`

/** So many files in folders of 10 DAGs, committed on `main`. */
export async function makeRepository(folder: string, files: number): Promise<void> {
  await git(folder, 'init', '-q', '-b', 'main')
  for (const [d, id] of dags.entries()) {
    await mkdir(join(folder, id), { recursive: true })
    await writeFile(join(folder, id, `${id}.dag.md`), notebook(id, 'first'))
    for (let i = 0; i < files / dags.length - 1; i++)
      await writeFile(join(folder, id, `file-${i}.txt`), `${d} ${i}\n`)
  }
  await git(folder, 'add', '-A')
  await git(folder, 'commit', '-qm', 'First')
}

interface VersionAnswer {
  id: string
  number: number
  commit: string
}

async function untilListed(product: Product, repository: string, dag: string, sha: string): Promise<string> {
  for (;;) {
    const versions = (await product.api(`/dags/main/${repository}/${dag}/versions`)) as VersionAnswer[]
    const found = versions.find((version) => version.commit === sha)
    if (found !== undefined) return found.id
  }
}

async function runOf(product: Product, repository: string, dag: string, version: string): Promise<string> {
  for (;;) {
    const runs = await newestRuns(product, repository, dag, 5)
    const found = runs.find((run) => run.version.id === version)
    if (found !== undefined) return found.id
  }
}

async function untilStarted(product: Product, id: string): Promise<void> {
  for (;;) {
    const run = (await product.api(`/runs/${id}`)) as RunAnswer
    if (run.taskRuns.some((task) => task.attempts.some((attempt) => attempt.startedAt !== null))) return
  }
}

interface Pair {
  bare: number
  push: number
  listed: number
  running: number
}

async function pushBare(work: string): Promise<number> {
  const start = performance.now()
  await git(work, 'push', '-q', 'bare', 'main')
  return performance.now() - start
}

/** Times in ms from the start of `git push`, and what the run's task printed. */
export async function pushOurs(product: Product, work: string, name: string, dag: string) {
  const sha = (await git(work, 'rev-parse', 'HEAD')).trim()
  const start = performance.now()
  await git(work, 'push', '-q', '-o', 'run', 'ours', 'main')
  const push = performance.now() - start
  const version = await untilListed(product, name, dag, sha)
  const listed = performance.now() - start
  const run = await runOf(product, name, dag, version)
  await untilStarted(product, run)
  const running = performance.now() - start
  await untilOver(product, name, dag, [run])
  await succeeded(product, run)
  const log = (await product.api(`/runs/${run}/tasks/say/attempts/1/log`)) as string
  return { push, listed, running, log }
}

/** One push of one changed DAG, to ours and to the peer. Times in ms from the start of `git push`. */
async function onePair(product: Product, work: string, name: string, i: number): Promise<Pair> {
  const dag = dags[i % dags.length] ?? ''
  const text = `push ${i}`
  await writeFile(join(work, dag, `${dag}.dag.md`), notebook(dag, text))
  await git(work, 'commit', '-qam', `Push ${i}`)
  const early = i % 2 === 0 ? await pushBare(work) : null
  const { log, ...ours } = await pushOurs(product, work, name, dag)
  if (log.trim() !== text) throw new Error(`the run of push ${i} printed ${log}`)
  return { bare: early ?? (await pushBare(work)), ...ours }
}

function rowsOf(files: number, pairs: Pair[]): Row[] {
  const bare = pairs.map((pair) => pair.bare)
  const figures = {
    'bare push': 'bare',
    push: 'push',
    listed: 'listed',
    'first task running': 'running',
  } as const
  return Object.entries(figures).map(([figure, key]) => {
    const values = key === 'bare' ? bare : pairs.map((pair) => pair[key])
    return {
      files,
      figure,
      ...spread(values),
      ...compare(values, { 'bare push': bare }),
    }
  })
}

async function measure(product: Product, files: number, count: number): Promise<Row[]> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-p8-'))
  const work = join(folder, 'work')
  const name = `bench-${files}`
  await mkdir(work)
  const peer = await startBareGitServer(folder, name)
  try {
    await makeRepository(work, files)
    await git(work, 'remote', 'add', 'bare', `${peer.url}/${name}.git`)
    await git(work, 'remote', 'add', 'ours', product.remote(name))
    await git(work, 'push', '-q', 'bare', 'main')
    await git(work, 'push', '-q', 'ours', 'main')
    // A push that none of the counted ones repeats.
    await onePair(product, work, name, 1000 * dags.length - 1)
    const pairs: Pair[] = []
    const progress = new Progress(`${files} files: push`, count)
    for (let i = 0; i < count; i++) {
      pairs.push(await onePair(product, work, name, i))
      progress.step()
    }
    progress.end()
    return rowsOf(files, pairs)
  } finally {
    await peer.close()
    await rm(folder, { recursive: true, force: true })
  }
}

/** @returns rows of the table. Every run is checked: it succeeded and printed what was pushed. */
export async function pushToRun(options: { pairs: number; files: number[] }): Promise<Row[]> {
  const product = await startProduct({ seed: false })
  try {
    const rows: Row[] = []
    for (const files of options.files) rows.push(...(await measure(product, files, options.pairs)))
    return rows
  } finally {
    await product.stop()
  }
}
