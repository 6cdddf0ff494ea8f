/**
 * P6: what a task costs in a graph of 10,000, beside the same shape with 100: wide (a map), layered, deep (a chain). The two
 * sizes take turns. A cost that grows with the graph shows as a ratio above 1.
 */
import { inTurn } from './harness/in-turn.ts'
import { startProduct, type Product } from './harness/product.ts'
import { chain, head, layers, pushFiles, runOnce } from './harness/runs.ts'
import { compare, median, round, type Row } from './harness/statistics.ts'

const cell = 'command: ["true"]'
const wide = (id: string, count: number) =>
  `${head(id)}  - {id: t, matrix: {n: [${Array.from({ length: count }, (_, i) => i).join(', ')}]}, ${cell}}\n`

const shapes = {
  wide,
  layered: (id: string, n: number) => layers(id, n, cell),
  deep: (id: string, n: number) => chain(id, n, cell),
}

const small = 100

interface Sizes {
  large: number
  rounds: number
}

/** Pushes a shape with both sizes, and runs them in turn. */
async function oneShape(
  product: Product,
  shape: keyof typeof shapes,
  { large, rounds }: Sizes,
): Promise<Row> {
  const side = async (count: number) => {
    const id = `${shape}-${count}`
    await pushFiles(product, id, { [`${id}.dag.yaml`]: shapes[shape](id, count) })
    return { name: String(count), once: async () => (await runOnce(product, id, id, count)) / count }
  }
  const sides = [await side(small), await side(large)]
  // The first run of a version makes its files; of one so large it is not worth another run.
  await sides[0]?.once()
  const values = await inTurn(sides, rounds, `${shape}, ${small} and ${large} tasks:`, { warmUp: false })
  const [few, many] = [values.get(String(small)) ?? [], values.get(String(large)) ?? []]
  return {
    figure: shape,
    [`ms a task of ${small}`]: round(median(few)),
    [`ms a task of ${large}`]: round(median(many)),
    ...compare(many, { [String(small)]: few }),
    'total s': round((median(many) * large) / 1000),
  }
}

/** @returns rows of the table. @throws when a run fails, or a task ran never or twice */
export async function wideAndDeep(options: Sizes): Promise<Row[]> {
  const product = await startProduct({ seed: false })
  try {
    const rows: Row[] = []
    for (const shape of Object.keys(shapes) as (keyof typeof shapes)[])
      rows.push(await oneShape(product, shape, options))
    return rows
  } finally {
    await product.stop()
  }
}
