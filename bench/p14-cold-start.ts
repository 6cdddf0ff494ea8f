/**
 * P14 of docs/performance.md: an empty data folder → one command → database made, server up, an example DAG green. The
 * floor is `initdb` and a start of the same Postgres. They alternate. Then idle memory and CPU over `idleSeconds`.
 */
import { startEmbeddedFloor } from './harness/postgres-floor.ts'
import { startProduct, type Product } from './harness/product.ts'
import { descendants, cpuSeconds, proportionalMemory } from './harness/processes.ts'
import { median, round, type Row } from './harness/statistics.ts'

interface RunListAnswer {
  runs: { state: string }[]
}

async function untilGreen(product: Product): Promise<number> {
  const start = performance.now()
  for (;;) {
    const answer = (await product
      .api('/runs?team=main&repo=examples&dag=iris&limit=10')
      .catch(() => ({ runs: [] }))) as RunListAnswer
    if (answer.runs.some((run) => run.state === 'failed')) throw new Error('the example run failed')
    if (answer.runs.some((run) => run.state === 'succeeded')) return performance.now() - start
    await new Promise((done) => setTimeout(done, 20))
  }
}

async function untilQuiet(product: Product): Promise<void> {
  for (;;) {
    const answer = (await product.api('/runs?limit=20')) as RunListAnswer
    if (answer.runs.length >= 4 && answer.runs.every((run) => run.state === 'succeeded')) return
    await new Promise((done) => setTimeout(done, 200))
  }
}

async function idle(product: Product, seconds: number): Promise<Row[]> {
  await untilQuiet(product)
  const pids = await descendants(product.pid)
  const before = await cpuSeconds(pids)
  await new Promise((done) => setTimeout(done, seconds * 1000))
  const used = (await cpuSeconds(pids)) - before
  const memory = await proportionalMemory(pids)
  return [
    { figure: `idle memory, PSS of ${pids.length} processes (MB)`, median: round(memory / 1e6), ratio: '' },
    { figure: `idle CPU over ${seconds} s (%)`, median: round((used / seconds) * 100), ratio: '' },
  ]
}

/** @returns rows of the table; `pairs` cold starts, ours and the floor in turn. */
export async function coldStart(options: { pairs: number; idleSeconds: number }): Promise<Row[]> {
  const floor: number[] = []
  const ready: number[] = []
  const green: number[] = []
  let idleRows: Row[] = []
  for (let i = 0; i < options.pairs; i++) {
    floor.push(await startEmbeddedFloor())
    const product = await startProduct({ seed: true })
    try {
      ready.push(product.startMs)
      green.push(product.startMs + (await untilGreen(product)))
      if (i === options.pairs - 1) idleRows = await idle(product, options.idleSeconds)
    } finally {
      await product.stop()
    }
    process.stderr.write(`\rcold start ${i + 1} of ${options.pairs} `)
  }
  process.stderr.write('\n')
  const row = (figure: string, values: number[]): Row => ({
    figure,
    median: round(median(values)),
    ratio: round(median(values.map((v, i) => v / (floor[i] ?? 1)))),
  })
  return [
    row('initdb + start (ms)', floor),
    row('command → ready (ms)', ready),
    row('command → first example run green (ms)', green),
    ...idleRows,
  ]
}
