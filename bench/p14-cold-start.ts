/**
 * P14: an empty data folder → one command → database made, server up → an example DAG green; then the same folder
 * started again. The floor is `initdb` and a start of the same Postgres; they take turns. Then memory and CPU while
 * nothing is done. The packages and the build are there before: how long those take is the network's and Next's.
 */
import { startEmbeddedFloor } from './harness/postgres-floor.ts'
import { keptFolder, startProduct, type Product } from './harness/product.ts'
import { descendants, cpuSeconds, proportionalMemory } from './harness/processes.ts'
import { Progress } from './harness/progress.ts'
import { isOver, newestRuns } from './harness/runs.ts'
import { median, ratioRow, round, type Row } from './harness/statistics.ts'

/** More than a start makes. */
const most = 50
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms))

/** Runs of the example; none while it is not pushed yet. */
const runsOf = (product: Product) => newestRuns(product, 'examples', 'iris', most).catch(() => [])

/** ms after the ready line. @throws when the run fails */
async function untilGreen(product: Product): Promise<number> {
  const start = performance.now()
  for (;;) {
    const runs = await runsOf(product)
    if (runs.some((run) => run.state === 'failed')) throw new Error('the example run failed')
    if (runs.some((run) => run.state === 'succeeded')) return performance.now() - start
    await pause(50)
  }
}

async function untilQuiet(product: Product): Promise<void> {
  for (;;) {
    const { dags } = (await product.api('/dags')) as { dags: { ref: { dag: string } }[] }
    const runs = await Promise.all(dags.map(({ ref }) => newestRuns(product, 'examples', ref.dag, most)))
    if (product.output().includes('examples') && runs.flat().every(isOver)) return
    await pause(200)
  }
}

async function idle(product: Product, seconds: number): Promise<Row[]> {
  const pids = await descendants(product.pid)
  const before = await cpuSeconds(pids)
  await pause(seconds * 1000)
  const used = (await cpuSeconds(pids)) - before
  const memory = await proportionalMemory(pids)
  return [
    { figure: `idle memory, PSS of ${pids.length} processes (MB)`, median: round(memory / 1e6), ratio: '' },
    { figure: `idle CPU over ${seconds} s (% of a core)`, median: round((used / seconds) * 100), ratio: '' },
  ]
}

interface Starts {
  floor: number
  ready: number
  green: number
  again: number
  idle: Row[]
}

async function oneStart(idleSeconds: number): Promise<Starts> {
  const floor = await startEmbeddedFloor()
  const folder = await keptFolder()
  try {
    const first = await startProduct({ seed: true, folder: folder.path })
    let green = first.startMs
    try {
      green += await untilGreen(first)
      await untilQuiet(first)
    } finally {
      await first.stop()
    }
    const second = await startProduct({ seed: true, folder: folder.path })
    try {
      const rows = idleSeconds > 0 ? await idle(second, idleSeconds) : []
      return { floor, ready: first.startMs, green, again: second.startMs, idle: rows }
    } finally {
      await second.stop()
    }
  } finally {
    await folder.remove()
  }
}

/** @returns rows of the table; `pairs` cold starts, the floor and ours in turn. Every example run is checked. */
export async function coldStart(options: { pairs: number; idleSeconds: number }): Promise<Row[]> {
  const starts: Starts[] = []
  const progress = new Progress('cold start', options.pairs)
  for (let i = 0; i < options.pairs; i++) {
    starts.push(await oneStart(i === options.pairs - 1 ? options.idleSeconds : 0))
    progress.step()
  }
  progress.end()
  const floor = starts.map((start) => start.floor)
  const row = (figure: string, key: 'floor' | 'ready' | 'green' | 'again'): Row => {
    const values = starts.map((start) => start[key])
    return { figure, median: round(median(values)), ...ratioRow(values, floor) }
  }
  return [
    row('floor: initdb + start (ms)', 'floor'),
    row('first start: command → ready (ms)', 'ready'),
    row('first start: command → example run green (ms)', 'green'),
    row('second start: command → ready (ms)', 'again'),
    ...starts.flatMap((start) => start.idle),
  ]
}
