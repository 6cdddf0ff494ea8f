/**
 * From `POST …/runs` on an idle product to the first instruction of the task's script, which writes the time it sees.
 * The peer is the floor: the same script spawned from Node without an engine.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { git } from './harness/git.ts'
import { runToEnd, startProduct } from './harness/product.ts'
import { median, quantile, round, type Row } from './harness/statistics.ts'

const script = 'echo "at=$EPOCHREALTIME"'
const atMs = (text: string) => Number(/at=(\d+[.,]\d+)/.exec(text)?.[1]?.replace(',', '.')) * 1000

async function bareSpawn(): Promise<number> {
  const start = Date.now() + (performance.now() % 1)
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await new Promise((resolve) => child.once('close', resolve))
  return atMs(text) - start
}

/** @returns rows of the table; `samples` pairs, ours and the bare spawn in turn. */
export async function triggerToCode(options: { samples: number }): Promise<Row[]> {
  const product = await startProduct({ seed: false })
  const work = await mkdtemp(join(tmpdir(), 'dagbok-p5-'))
  try {
    await git(work, 'init', '-q', '-b', 'main')
    await writeFile(
      join(work, 'now.dag.md'),
      `---\ndagbok: 1\nid: now\n---\n\n\`\`\`yaml task\nid: say\n\`\`\`\n\`\`\`bash script\n${script}\n\`\`\`\n`,
    )
    await git(work, 'add', '-A')
    await git(work, 'commit', '-qm', 'First')
    const url = new URL(product.gitUrl)
    url.username = 'bench'
    url.password = product.apiToken
    await git(work, 'push', '-q', `${url.href}/now.git`, 'main')
    const ours: number[] = []
    const floor: number[] = []
    for (let i = 0; i < options.samples + 3; i++) {
      const bare = await bareSpawn()
      const start = Date.now()
      const { id } = (await product.api('/dags/main/now/now/runs', { method: 'POST', body: '{}' })) as {
        id: string
      }
      await runToEnd(product, id)
      const text = (await product.api(`/runs/${id}/tasks/say/attempts/1/log`)) as string
      if (i >= 3) {
        floor.push(bare)
        ours.push(atMs(text) - start)
      }
    }
    const row = (figure: string, values: number[]): Row => ({
      figure,
      'p50 ms': round(median(values)),
      'p95 ms': round(quantile(values, 0.95)),
      'p99 ms': round(quantile(values, 0.99)),
    })
    return [row('trigger → code', ours), row('bare spawn', floor)]
  } finally {
    await product.stop()
    await rm(work, { recursive: true, force: true })
  }
}
