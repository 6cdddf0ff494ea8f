/** A cut of P4 for the product: so many DAGs, so many runs of each, chains of 10 tasks in warm interpreters. */
import type { Product } from './product.ts'
import { chain, pushFiles, startRun, succeeded, untilOver } from './runs.ts'

export interface Cut {
  dags: number
  /** Of each DAG; 200 at most. */
  runs: number
}

export const chainLength = 10
const repository = 'many'
const printed = 'ran'
const cell = `script: {lang: javascript, text: 'console.log("${printed}")'}`

export const tasksOf = ({ dags, runs }: Cut): number => dags * runs * chainLength

const namesOf = ({ dags }: Cut) => Array.from({ length: dags }, (_, i) => `d${i}`)

/** Once for each product. */
export const pushCut = (product: Product, cut: Cut): Promise<void> =>
  pushFiles(
    product,
    repository,
    Object.fromEntries(namesOf(cut).map((name) => [`${name}.dag.yaml`, chain(name, chainLength, cell)])),
  )

/** Starts all runs, ten DAGs at a time. @returns their ids by DAG */
export async function startCut(product: Product, cut: Cut): Promise<Map<string, string[]>> {
  const names = namesOf(cut)
  const ids = new Map(names.map((name) => [name, [] as string[]]))
  const start = async (name: string) => ids.get(name)?.push(await startRun(product, repository, name))
  for (let n = 0; n < cut.runs; n++)
    for (let i = 0; i < names.length; i += 10) await Promise.all(names.slice(i, i + 10).map(start))
  return ids
}

/** Waits for all of them, lightly. */
export async function untilCutIsOver(product: Product, ids: Map<string, string[]>): Promise<void> {
  for (const [name, own] of ids) await untilOver(product, repository, name, own)
}

/** What became of a run that is over: each task with its attempts, in the order of the chain. */
export async function chainOfRun(product: Product, id: string) {
  const run = await succeeded(product, id)
  const byName = new Map(run.taskRuns.map((task) => [task.task, task]))
  const tasks = Array.from({ length: chainLength }, (_, i) => byName.get(`t${i}`))
  const there = tasks.flatMap((task) => (task?.state === 'succeeded' ? [task] : []))
  if (there.length < chainLength || run.taskRuns.length > chainLength)
    throw new Error(`${there.length} of ${chainLength} tasks of run ${id} succeeded`)
  for (const [i, task] of there.entries()) {
    const before = there[i - 1]?.endedAt
    if (before != null && !(Date.parse(before) <= Date.parse(task.startedAt ?? '')))
      throw new Error(`${task.task} of run ${id} began before the task that it needs was over`)
  }
  return { created: Date.parse(run.createdAt), ended: Date.parse(run.endedAt ?? ''), tasks: there }
}

/** How often an attempt's code ran, by what it printed. */
export async function timesPrinted(product: Product, run: string, task: string, attempt: number) {
  const log = String(await product.api(`/runs/${run}/tasks/${task}/attempts/${attempt}/log`))
  return log.split('\n').filter((line) => line === printed).length
}

/** @throws unless each task of the run had one attempt; `logs`: which printed its line once */
async function checkOnce(product: Product, id: string, logs: boolean) {
  const { tasks, ...times } = await chainOfRun(product, id)
  for (const { task, attempts } of tasks) {
    if (attempts.length !== 1) throw new Error(`${task} of run ${id} had ${attempts.length} attempts`)
    const often = logs ? await timesPrinted(product, id, task, 1) : 1
    if (often !== 1) throw new Error(`${task} of run ${id} printed its line ${often} times`)
  }
  return times
}

/**
 * All runs from the first one's start to the last one's end, by the clock of the database. Each task ran once and in
 * order; of each DAG the logs of the first run are read. @returns ms. @throws when that is not so
 */
export async function runCut(product: Product, cut: Cut): Promise<number> {
  const ids = await startCut(product, cut)
  await untilCutIsOver(product, ids)
  let [first, last] = [Infinity, 0]
  for (const own of ids.values())
    for (const [i, id] of own.entries()) {
      const { created, ended } = await checkOnce(product, id, i === 0)
      first = Math.min(first, created)
      last = Math.max(last, ended)
    }
  return last - first
}
