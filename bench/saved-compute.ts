/**
 * What versions that share a deployment save: ten versions of a DAG on one product, beside ten products with one version
 * each. On both sides each version is pushed once, run once at the same time as the others, and must print its own
 * constant. Processor time is that of all processes, those that ended and Postgres included; memory is PSS at rest.
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { git } from './harness/git.ts'
import { cpuSecondsOfAll, descendants, proportionalMemory } from './harness/processes.ts'
import { startProduct, type Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { startRun, succeeded, untilOver } from './harness/runs.ts'
import { compare, median, round, type Row } from './harness/statistics.ts'

const [repository, dag] = ['shared', 'same']
const constant = (version: number) => `constant ${version}`
const notebook = (version: number) =>
  `---\ndagbok: 1\nid: ${dag}\n---\n\n\`\`\`yaml task\nid: say\n\`\`\`\n\`\`\`bash script\necho "${constant(version)}"\n\`\`\`\n`

/** Of all deployments of one side together. */
interface Used {
  start: number
  work: number
  rest: number
  bytes: number
}

/** @returns commits, the oldest first */
async function makeCommits(work: string, count: number): Promise<string[]> {
  await mkdir(join(work, dag), { recursive: true })
  await git(work, 'init', '-q', '-b', 'main')
  const commits: string[] = []
  for (let v = 1; v <= count; v++) {
    await writeFile(join(work, dag, `${dag}.dag.md`), notebook(v))
    await git(work, 'add', '-A')
    await git(work, 'commit', '-qm', `Version ${v}`)
    commits.push((await git(work, 'rev-parse', 'HEAD')).trim())
  }
  return commits
}

/** Versions of one deployment, by their numbers from 1. */
interface Share {
  product: Product
  versions: number[]
}

/** All runs at once; every one printed its own constant. @throws when one did not */
async function runAll(work: string, commits: string[], shares: Share[]): Promise<void> {
  for (const { product, versions } of shares)
    for (const v of versions)
      await git(work, 'push', '-q', product.remote(repository), `${commits[v - 1]}:refs/heads/main`)
  await Promise.all(
    shares.map(async ({ product, versions }) => {
      const ids = await Promise.all(versions.map((v) => startRun(product, repository, dag, commits[v - 1])))
      await untilOver(product, repository, dag, ids)
      for (const [i, id] of ids.entries()) {
        await succeeded(product, id)
        const log = String(await product.api(`/runs/${id}/tasks/say/attempts/1/log`)).trim()
        const expected = constant(versions[i] ?? 0)
        if (log !== expected) throw new Error(`a run of '${expected}' printed '${log}'`)
      }
    }),
  )
}

const pidsOf = async (products: readonly Product[]): Promise<number[]> =>
  (await Promise.all(products.map(({ pid }) => descendants(pid)))).flat()

/** `deployments` products with an equal share of the versions: started, used, left at rest, ended. */
async function oneSide(
  work: string,
  commits: string[],
  deployments: number,
  restSeconds: number,
): Promise<Used> {
  const products: Product[] = []
  try {
    for (let i = 0; i < deployments; i++) products.push(await startProduct({ seed: false }))
    const numbers = commits.map((_, i) => i + 1)
    const shares = products.map((product, i) => ({
      product,
      versions: numbers.filter((v) => (v - 1) % deployments === i),
    }))
    const spent = async () => cpuSecondsOfAll(await pidsOf(products))
    const start = await spent()
    await runAll(work, commits, shares)
    const worked = await spent()
    await pause(restSeconds * 1000)
    const pids = await pidsOf(products)
    const rest = (await cpuSecondsOfAll(pids)) - worked
    return { start, work: worked - start, rest, bytes: await proportionalMemory(pids) }
  } finally {
    await Promise.all(products.map((product) => product.stop()))
  }
}

/** Bytes that programs may still have. */
async function available(): Promise<number> {
  const text = await readFile('/proc/meminfo', 'utf8')
  return Number(/^MemAvailable:\s+(\d+)/m.exec(text)?.[1] ?? 0) * 1024
}

function rowsOf(one: Used[], many: Used[], count: number, restSeconds: number): Row[] {
  const figures = {
    start: 'cpu·s to start',
    work: `cpu·s to push and run ${count} versions`,
    rest: `cpu·s in ${restSeconds} s at rest`,
    bytes: 'MB (PSS) at rest',
  } as const
  return Object.entries(figures).map(([key, figure]) => {
    const scale = key === 'bytes' ? 1e6 : 1
    const values = (side: Used[]) => side.map((used) => used[key as keyof Used] / scale)
    const [shared, apart] = [values(one), values(many)]
    return {
      figure,
      'one deployment': round(median(shared)),
      [`${count} deployments`]: round(median(apart)),
      ...compare(shared, { apart }),
    }
  })
}

/**
 * @param options `versions` on each side; fewer where as many deployments do not fit into memory, which a row says
 * @returns rows of the table. @throws when a run fails or prints another version's constant
 */
export async function savedCompute(options: {
  versions: number
  rounds: number
  restSeconds: number
}): Promise<Row[]> {
  const { versions, rounds, restSeconds } = options
  const work = await mkdtemp(join(tmpdir(), 'dagbok-shared-'))
  try {
    const all = await makeCommits(work, versions)
    // Of it 600 MB each: what one uses at work and at rest, with room for its tasks.
    const count = Math.max(2, Math.min(versions, Math.floor(((await available()) * 0.8) / 600e6)))
    const commits = all.slice(0, count)
    const [one, many]: [Used[], Used[]] = [[], []]
    const progress = new Progress(`${count} versions, together and apart:`, rounds)
    for (let i = 0; i < rounds; i++) {
      one.push(await oneSide(work, commits, 1, restSeconds))
      many.push(await oneSide(work, commits, count, restSeconds))
      progress.step()
    }
    progress.end()
    const rows = rowsOf(one, many, count, restSeconds)
    const fewer = { figure: `${count} instead of ${versions}: no more deployments fit into memory` }
    return count < versions ? [...rows, fewer] : rows
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}
