/**
 * The start of P14: an empty data folder → one command → database made, server up. The floor is `initdb` and a start of
 * the same Postgres. They alternate. Then idle memory and CPU over `idleSeconds`. The build is there before.
 */
import { startEmbeddedFloor } from './harness/postgres-floor.ts'
import { startProduct, type Product } from './harness/product.ts'
import { descendants, cpuSeconds, proportionalMemory } from './harness/processes.ts'
import { median, round, type Row } from './harness/statistics.ts'

async function idle(product: Product, seconds: number): Promise<Row[]> {
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
  let idleRows: Row[] = []
  for (let i = 0; i < options.pairs; i++) {
    floor.push(await startEmbeddedFloor())
    const product = await startProduct()
    try {
      ready.push(product.startMs)
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
  return [row('initdb + start (ms)', floor), row('command → ready (ms)', ready), ...idleRows]
}
