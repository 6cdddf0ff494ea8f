/**
 * P8 of docs/performance.md: a push of one changed DAG to a repository of 10 DAGs and 1,000 (or 10,000) files. Ours is
 * timed until the API lists the version and until the run that `-o run` asked for starts its first task; the peer is
 * the same push to `git http-backend` with an empty hook. They alternate; each figure comes with its ratio.
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startBareGitServer } from './harness/bare-git-server.ts'
import { git } from './harness/git.ts'
import { startProduct, runToEnd, type Product } from './harness/product.ts'
import { median, quantile, round, type Row } from './harness/statistics.ts'

const dags = Array.from({ length: 10 }, (_, i) => `bench-${i}`)

const notebook = (id: string, text: string) =>
  `---\ndagbok: 1\nid: ${id}\n---\n\n\`\`\`yaml task\nid: say\n\`\`\`\n\`\`\`bash script\necho "${text}"\n\`\`\`\n`

async function makeRepository(folder: string, files: number): Promise<void> {
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

async function untilListed(product: Product, dag: string, sha: string): Promise<void> {
  for (;;) {
    const versions = (await product.api(`/dags/main/bench/${dag}/versions`)) as VersionAnswer[]
    if (versions.some((version) => version.commit === sha)) return
  }
}

interface RunListAnswer {
  runs: { id: string; state: string; startedAt: string | null; version: { commit: string } }[]
}

async function untilStarted(product: Product, dag: string, sha: string): Promise<string> {
  for (;;) {
    const { runs } = (await product.api(`/runs?team=main&repo=bench&dag=${dag}&limit=5`)) as RunListAnswer
    const run = runs.find((candidate) => candidate.version.commit === sha)
    if (run !== undefined) {
      const detail = (await product.api(`/runs/${run.id}`)) as Awaited<ReturnType<typeof runToEnd>>
      if (detail.taskRuns.some((task) => task.attempts.some((attempt) => attempt.startedAt !== null)))
        return run.id
    }
  }
}

async function timed<T>(work: () => Promise<T>): Promise<[number, T]> {
  const start = performance.now()
  const result = await work()
  return [performance.now() - start, result]
}

/** One push of one changed DAG, to the peer, then to ours. Times in ms from the start of `git push`. */
async function onePair(product: Product, work: string, i: number) {
  const dag = dags[i % dags.length] as string
  await writeFile(join(work, dag, `${dag}.dag.md`), notebook(dag, `push ${i}`))
  await git(work, 'commit', '-qam', `Push ${i}`)
  const sha = (await git(work, 'rev-parse', 'HEAD')).trim()
  const [bare] = await timed(() => git(work, 'push', '-q', 'bare', 'main'))
  const start = performance.now()
  await git(work, 'push', '-q', '-o', 'run', 'ours', 'main')
  const push = performance.now() - start
  await untilListed(product, dag, sha)
  const listed = performance.now() - start
  const run = await untilStarted(product, dag, sha)
  const running = performance.now() - start
  await runToEnd(product, run)
  return { bare, push, listed, running }
}

/** @returns rows of the table. Every run is checked to have succeeded. */
export async function pushToRun(options: { pairs: number; files: number[] }): Promise<Row[]> {
  const product = await startProduct({ seed: false })
  const rows: Row[] = []
  try {
    for (const files of options.files) {
      const folder = await mkdtemp(join(tmpdir(), 'dagbok-p8-'))
      const work = join(folder, 'work')
      await mkdir(work)
      const peer = await startBareGitServer(folder, 'bench')
      try {
        await makeRepository(work, files)
        const url = new URL(product.gitUrl)
        url.username = 'bench'
        url.password = product.apiToken
        await git(work, 'remote', 'add', 'bare', `${peer.url}/bench.git`)
        await git(work, 'remote', 'add', 'ours', `${url.href}/bench.git`)
        await git(work, 'push', '-q', 'bare', 'main')
        await git(work, 'push', '-q', '--force', 'ours', 'main')
        const pairs = []
        for (let i = 0; i < options.pairs; i++) {
          pairs.push(await onePair(product, work, i))
          process.stderr.write(`\r${files} files, push ${i + 1} of ${options.pairs} `)
        }
        process.stderr.write('\n')
        const bare = pairs.map((pair) => pair.bare)
        rows.push({
          files,
          figure: 'bare push',
          'p50 ms': round(median(bare)),
          'p95 ms': round(quantile(bare, 0.95)),
          'ratio p50': 1,
        })
        for (const figure of ['push', 'listed', 'running'] as const) {
          const values = pairs.map((pair) => pair[figure])
          const ratio = round(median(pairs.map((pair) => pair[figure] / pair.bare)))
          rows.push({
            files,
            figure,
            'p50 ms': round(median(values)),
            'p95 ms': round(quantile(values, 0.95)),
            'ratio p50': ratio,
          })
        }
      } finally {
        await peer.close()
        await rm(folder, { recursive: true, force: true })
      }
    }
  } finally {
    await product.stop()
  }
  return rows
}
