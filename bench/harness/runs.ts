/** Graphs of tasks for the product: pushed as a user pushes them, run to their end, and checked. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { git } from './git.ts'
import type { Product } from './product.ts'

/** Makes a repository of these files (name → text) and pushes it. */
export async function pushFiles(
  product: Product,
  repository: string,
  files: Record<string, string>,
): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'dagbok-bench-push-'))
  try {
    await git(work, 'init', '-q', '-b', 'main')
    for (const [name, text] of Object.entries(files)) await writeFile(join(work, name), text)
    await git(work, 'add', '-A')
    await git(work, 'commit', '-qm', 'First')
    await git(work, 'push', '-q', product.remote(repository), 'main')
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

export interface RunAnswer {
  id: string
  version: { id: string }
  state: string
  reason: string | null
  createdAt: string
  endedAt: string | null
  taskRuns: {
    task: string
    state: string
    queuedAt: string | null
    startedAt: string | null
    endedAt: string | null
    attempts: { n: number; startedAt: string | null }[]
  }[]
}

/** A run as the list of its DAG has it. */
export type ListedRun = Omit<RunAnswer, 'taskRuns'>

export const isOver = ({ state }: ListedRun): boolean => state !== 'queued' && state !== 'running'

const pathOf = (repository: string, dag: string) => `/dags/main/${repository}/${dag}/runs`

/** The newest `count` runs of a DAG: 200 at most. */
export const newestRuns = async (
  product: Product,
  repository: string,
  dag: string,
  count: number,
): Promise<ListedRun[]> => (await product.api(`${pathOf(repository, dag)}?limit=${count}`)) as ListedRun[]

/** @param version number, branch, tag or commit; without one that of the default branch. @returns the run's id */
export async function startRun(
  product: Product,
  repository: string,
  dag: string,
  version?: string,
): Promise<string> {
  const body = JSON.stringify({ version })
  const made = await product.api(pathOf(repository, dag), { method: 'POST', body })
  return (made as { id: string }).id
}

/**
 * Waits until these, which are among the `newest` runs of a DAG, are over: by default they are the newest. Light: it
 * asks for no task runs. @throws when one of them is older
 */
export async function untilOver(
  product: Product,
  repository: string,
  dag: string,
  ids: readonly string[],
  { newest }: { newest: number } = { newest: ids.length },
): Promise<void> {
  for (;;) {
    const runs = await newestRuns(product, repository, dag, newest)
    const these = runs.filter((run) => ids.includes(run.id))
    if (these.length < ids.length)
      throw new Error(
        `${ids.length - these.length} runs of ${dag} are not among the newest ${newest}: ${ids[0]} …`,
      )
    if (these.every(isOver)) return
    await new Promise((done) => setTimeout(done, 100))
  }
}

/** A run that is over. @throws when it did not succeed */
export async function succeeded(product: Product, id: string): Promise<RunAnswer> {
  const run = (await product.api(`/runs/${id}`)) as RunAnswer
  if (run.state !== 'succeeded') throw new Error(`run ${id} ${run.state}: ${run.reason}`)
  return run
}

interface Times {
  /** ms since 1970, of the database's clock. */
  created: number
  ended: number
}

/** What a run took, by the clock of the database. @throws when it did not succeed, or a task ran never or twice */
async function timesOf(product: Product, id: string, tasks: number): Promise<Times> {
  const run = await succeeded(product, id)
  const once = run.taskRuns.filter((task) => task.state === 'succeeded' && task.attempts.length === 1)
  if (once.length !== tasks) throw new Error(`${once.length} of ${tasks} tasks of run ${id} ran exactly once`)
  return { created: Date.parse(run.createdAt), ended: Date.parse(run.endedAt ?? '') }
}

/** ms from the first one's start to the last one's end, of runs that are over. @throws as `timesOf` */
export async function spanOf(product: Product, ids: readonly string[], tasks: number): Promise<number> {
  const times: Times[] = []
  for (const id of ids) times.push(await timesOf(product, id, tasks))
  return Math.max(...times.map(({ ended }) => ended)) - Math.min(...times.map(({ created }) => created))
}

/** ms of one run from start to end. @throws as `timesOf` */
export async function runOnce(
  product: Product,
  repository: string,
  dag: string,
  tasks: number,
): Promise<number> {
  const ids = [await startRun(product, repository, dag)]
  await untilOver(product, repository, dag, ids)
  return spanOf(product, ids, tasks)
}

/** How a spec begins. */
export const head = (id: string) => `dagbok: 1\nid: ${id}\ntasks:\n`

/** `length` tasks, each after the one before; `cell` is the rest of a task in YAML's flow style. */
export const chain = (id: string, length: number, cell: string): string =>
  head(id) +
  Array.from({ length }, (_, i) => `  - {id: t${i}, ${i === 0 ? '' : `needs: [t${i - 1}], `}${cell}}\n`).join(
    '',
  )

/** One task, `width` tasks after it, and one after them all. */
export const fan = (id: string, width: number, cell: string): string =>
  head(id) +
  `  - {id: first, ${cell}}\n` +
  Array.from({ length: width }, (_, i) => `  - {id: t${i}, needs: [first], ${cell}}\n`).join('') +
  `  - {id: last, needs: [${Array.from({ length: width }, (_, i) => `t${i}`).join(', ')}], ${cell}}\n`

/** Layers of 100 tasks, each after two of the layer before. */
export const layers = (id: string, count: number, cell: string): string =>
  head(id) +
  Array.from({ length: count }, (_, i) => {
    const above = i - 100 - (i % 100)
    const after = i < 100 ? '' : `needs: [t${i - 100}, t${above + ((i + 1) % 100)}], `
    return `  - {id: t${i}, ${after}${cell}}\n`
  }).join('')
