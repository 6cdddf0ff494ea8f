/**
 * P6: what a task costs in a graph of 10,000, beside the same shape with 100: wide (a map), layered, deep (a chain).
 * A cost that grows with the graph shows as a ratio above 1.
 */
import { startProduct, type Product } from './harness/product.ts'
import { chain, head, layers, pushFiles, runOnce } from './harness/runs.ts'
import { median, round, type Row } from './harness/statistics.ts'

const cell = 'command: ["true"]'
const wide = (id: string, count: number) =>
  `${head(id)}  - {id: t, matrix: {n: [${Array.from({ length: count }, (_, i) => i).join(', ')}]}, ${cell}}\n`

const shapes = {
  wide,
  layered: (id: string, n: number) => layers(id, n, cell),
  deep: (id: string, n: number) => chain(id, n, cell),
}

async function msOfTask(product: Product, shape: keyof typeof shapes, count: number, rounds: number) {
  const id = `${shape}-${count}`
  await pushFiles(product, id, { [`${id}.dag.yaml`]: shapes[shape](id, count) })
  const all: number[] = []
  for (let i = 0; i < rounds; i++) all.push((await runOnce(product, id, id, count)) / count)
  return median(all)
}

/** @returns rows of the table. @throws when a run fails, or a task ran never or twice */
export async function wideAndDeep(options: { large: number; rounds: number }): Promise<Row[]> {
  const product = await startProduct({ seed: false })
  try {
    const rows: Row[] = []
    for (const shape of Object.keys(shapes) as (keyof typeof shapes)[]) {
      const small = await msOfTask(product, shape, 100, options.rounds)
      process.stderr.write(`${shape}: ${options.large} tasks …\n`)
      const large = await msOfTask(product, shape, options.large, 1)
      rows.push({
        figure: shape,
        'ms a task of 100': round(small),
        [`ms a task of ${options.large}`]: round(large),
        ratio: round(large / small),
        'total s': round((large * options.large) / 1000),
      })
    }
    return rows
  } finally {
    await product.stop()
  }
}
