/**
 * P4: 100 DAGs, 10 runs of each, chains of 10 tasks that do nothing, in warm interpreters. The peer is a queue without
 * graphs: as many independent jobs, each a call of a function in a process that is there.
 */
import { startGraphileWorker } from './harness/graphile-worker.ts'
import { withPostgres } from './harness/postgres-floor.ts'
import { startProduct, type Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { chain, pushFiles, spanOf, startRun, untilOver } from './harness/runs.ts'
import { round, type Row } from './harness/statistics.ts'

const length = 10
const cell = "script: {lang: javascript, text: '1'}"

/** ms from the first run's start to the last one's end. */
async function ours(product: Product, dags: number, runs: number): Promise<number> {
  const names = Array.from({ length: dags }, (_, i) => `d${i}`)
  const files = Object.fromEntries(names.map((name) => [`${name}.dag.yaml`, chain(name, length, cell)]))
  await pushFiles(product, 'many', files)
  const ids = new Map(names.map((name) => [name, [] as string[]]))
  const start = async (name: string) => ids.get(name)?.push(await startRun(product, 'many', name))
  for (let n = 0; n < runs; n++)
    for (let i = 0; i < dags; i += 10) await Promise.all(names.slice(i, i + 10).map(start))
  const progress = new Progress('DAG', dags)
  for (const [name, own] of ids) {
    await untilOver(product, 'many', name, own)
    progress.step()
  }
  progress.end()
  return spanOf(product, [...ids.values()].flat(), length)
}

async function queue(count: number): Promise<{ name: string; ms: number }> {
  return withPostgres(async (server) => {
    const peer = await startGraphileWorker(server)
    try {
      return { name: peer.name.split(':')[0] ?? '', ms: await peer.many(count) }
    } finally {
      await peer.stop()
    }
  })
}

/** @returns rows of the table. @throws when a run fails, or a task ran never or twice */
export async function tenThousand(options: { dags: number; runs: number; rounds: number }): Promise<Row[]> {
  const { dags, runs, rounds } = options
  const count = dags * runs * length
  const rows: Row[] = []
  for (let i = 0; i < rounds; i++) {
    const product = await startProduct({ seed: false })
    let own
    try {
      own = await ours(product, dags, runs)
    } finally {
      await product.stop()
    }
    const peer = await queue(count).catch((error: unknown) => String(error).split('\n')[0] ?? '')
    const rate = (ms: number) => ({ s: round(ms / 1000), 'tasks/s': round((count / ms) * 1000) })
    rows.push({
      figure: `ours, ${count} tasks`,
      ...rate(own),
      ...(typeof peer === 'string' ? {} : { '÷ peer': round(own / peer.ms) }),
    })
    rows.push(
      typeof peer === 'string'
        ? { figure: `peer left out: ${peer}` }
        : { figure: `${peer.name}, ${count} jobs`, ...rate(peer.ms), '÷ peer': 1 },
    )
  }
  return rows
}
