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

/** @returns the run's id */
export async function startRun(product: Product, repository: string, dag: string): Promise<string> {
  const path = `/dags/main/${repository}/${dag}/runs`
  return ((await product.api(path, { method: 'POST', body: '{}' })) as { id: string }).id
}

interface Listed {
  id: string
  state: string
}

/** Waits until none of the newest `count` runs of a DAG is under way. Light: it asks for no task runs. */
export async function untilAllOver(
  product: Product,
  repository: string,
  dag: string,
  count: number,
): Promise<void> {
  for (;;) {
    const runs = (await product.api(`/dags/main/${repository}/${dag}/runs?limit=${count}`)) as Listed[]
    if (runs.length === count && runs.every(({ state }) => !['queued', 'running'].includes(state))) return
    await new Promise((done) => setTimeout(done, 100))
  }
}

interface Ended {
  state: string
  reason: string | null
  createdAt: string
  endedAt: string
  taskRuns: { task: string; state: string; attempts: unknown[] }[]
}

export interface Times {
  /** ms since 1970, of the database's clock. */
  created: number
  ended: number
  totalMs: number
}

/** What a run took, by the clock of the database. @throws when it did not succeed, or a task ran never or twice */
export async function timesOf(product: Product, id: string, tasks: number): Promise<Times> {
  const run = (await product.api(`/runs/${id}`)) as Ended
  if (run.state !== 'succeeded') throw new Error(`run ${id} ${run.state}: ${run.reason}`)
  const once = run.taskRuns.filter((task) => task.state === 'succeeded' && task.attempts.length === 1)
  if (once.length !== tasks) throw new Error(`${once.length} of ${tasks} tasks of run ${id} ran exactly once`)
  const [created, ended] = [Date.parse(run.createdAt), Date.parse(run.endedAt)]
  return { created, ended, totalMs: ended - created }
}

/** One run from start to end. */
export async function runOnce(
  product: Product,
  repository: string,
  dag: string,
  tasks: number,
): Promise<Times> {
  const id = await startRun(product, repository, dag)
  await untilAllOver(product, repository, dag, 1)
  return timesOf(product, id, tasks)
}

const head = (id: string, more = '') => `dagbok: 1\nid: ${id}\n${more}tasks:\n`

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
