/**
 * R18: the wait from trigger to code of healthy runs alone, and beside an object that is hostile: rows that no scheduler can
 * read, a DAG that fails the compiler, an output and a log that are far too long, a flood of webhooks, a map of ten thousand
 * items. What is hostile takes its share of the machine; what it must not do is stall the others.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Sql } from '#db/sql.ts'
import { healthyNotebook, oneRun } from './p5-trigger-to-code.ts'
import { withOwnDatabase } from './harness/own-database.ts'
import type { Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { pushFiles, startRun, untilOver } from './harness/runs.ts'
import { quantile, round, spread, type Row } from './harness/statistics.ts'

const bashTask = (id: string, head: string, script: string, more = '') =>
  `---\ndagbok: 1\nid: ${id}\n${more}---\n\n\`\`\`yaml task\nid: only\n${head}\n\`\`\`\n\`\`\`bash script\n${script}\n\`\`\`\n`
const items = Array.from({ length: 1000 }, (_, i) => i).join(', ')

const files = {
  'now.dag.md': healthyNotebook,
  'narrow.dag.md': bashTask('narrow', `matrix: {n: [${items}]}`, 'true', 'limits: {max_active_tasks: 2}\n'),
  'wide.dag.md': bashTask('wide', `matrix: {n: [${items}]}`, 'true'),
  'poison.dag.md': bashTask('poison', 'pool: nowhere', 'true').replace('id: only', 'id: poisoned'),
  'output.dag.md': bashTask(
    'output',
    'outputs: {big: big.bin}',
    'head -c 300000000 /dev/zero > "$DAGBOK_OUT/big.bin"',
  ),
  'log.dag.md': bashTask('log', '', 'yes "a line that is said again and again" | head -c 100000000'),
}

interface Around {
  product: Product
  sql: Sql
  /** Whether the healthy runs are done. */
  over: () => boolean
}

/** Runs of a DAG, one after the other. */
const again =
  (dag: string) =>
  async ({ product, over }: Around) => {
    while (!over()) {
      const id = await startRun(product, 'now', dag)
      for (let state = 'queued'; (state === 'queued' || state === 'running') && !over();) {
        await pause(500)
        state = ((await product.api(`/runs/${id}`)) as { state: string }).state
      }
    }
  }

/** Ten runs of a thousand tasks each, until the healthy ones are done. */
const many =
  (dag: string) =>
  async ({ product, over }: Around) => {
    const ids: string[] = []
    for (let i = 0; i < 10; i++) ids.push(await startRun(product, 'now', dag))
    while (!over()) await pause(100)
    // One may be over by now.
    for (const id of ids) await product.api(`/runs/${id}/cancel`, { method: 'POST' }).catch(() => null)
    await untilOver(product, 'now', dag, ids)
  }

const hostile: Record<string, (around: Around) => Promise<void>> = {
  'runs that cannot be read': async ({ product, sql }) => {
    for (let i = 0; i < 20; i++) await startRun(product, 'now', 'poison')
    // Their tasks are none of their version's, and each look of a scheduler wants to end them.
    await sql`update task_run set task = 'nobody' where task = 'poisoned'`
    await sql`update run set cancel_requested_at = clock_timestamp() where dag_id = (select id from dag where name = 'poison')`
  },
  'a DAG that fails the compiler': async ({ product, over }) => {
    const broken = `---\ndagbok: 1\nid: broken\n---\n${'\n```yaml task\nid: x\nneeds: [x, {{{\n```\n'.repeat(2000)}`
    while (!over()) {
      await pushFiles(product, 'broken', { 'broken.dag.md': broken }).catch(() => null)
      await pause(1000)
    }
  },
  'an output of 300 MB': again('output'),
  'a log of 100 MB': again('log'),
  'a flood of webhooks': async ({ product, over }) => {
    while (!over()) {
      await Promise.all(
        Array.from({ length: 20 }, () =>
          fetch(`${product.url}/api/hooks/main/now/now`, { method: 'POST', body: 'x'.repeat(10_000) })
            .then((answer) => answer.arrayBuffer())
            .catch(() => null),
        ),
      )
      await pause(500)
    }
  },
  '10,000 tasks, two at a time': many('narrow'),
  '10,000 tasks': many('wide'),
}
export const hostileObjects = Object.keys(hostile)

async function waits(product: Product, count: number, name: string): Promise<number[]> {
  const progress = new Progress(name, count)
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    times.push((await oneRun(product)).code)
    progress.step()
  }
  progress.end()
  return times
}

/**
 * @param samples healthy runs beside each object; alone there are twice as many
 * @returns a row for each object: `÷ alone` is p99 beside it ÷ p99 alone. @throws when a healthy run fails
 */
export async function besideHostile(samples: number): Promise<Row[]> {
  return withOwnDatabase(async (product, sql) => {
    await pushFiles(product, 'now', files)
    await waits(product, 5, 'warm up')
    const alone = await waits(product, 2 * samples, 'alone')
    const row = (figure: string, times: number[]): Row => ({
      figure,
      ...spread(times),
      'p99 ms': round(quantile(times, 0.99)),
      '÷ alone': round(quantile(times, 0.99) / quantile(alone, 0.99)),
    })
    const rows = [row('trigger → code alone', alone)]
    for (const name of hostileObjects) {
      const state = { over: false }
      const around = hostile[name]?.({ product, sql, over: () => state.over })
      const beside = await waits(product, samples, `beside ${name}`)
      state.over = true
      await around
      rows.push(row(`trigger → code beside ${name}`, beside))
    }
    return rows
  })
}
