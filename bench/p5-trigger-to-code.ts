/**
 * P5: from `POST …/runs` on an idle product to the first byte of the task's script, which writes the time it sees. The
 * peer is a queue that starts a function in a warm process; the floor is the same script spawned without an engine.
 * They take turns. Ours crosses HTTP and starts a process a task; the peer does neither.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { git } from './harness/git.ts'
import { startGraphileWorker, type QueuePeer } from './harness/graphile-worker.ts'
import { withPostgres } from './harness/postgres-floor.ts'
import { runToEnd, startProduct, type Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { median, quantile, ratioRow, round, type Row } from './harness/statistics.ts'
import { wallMs } from './harness/wall-clock.ts'

const script = 'echo "at=$EPOCHREALTIME"'
const notebook = `---\ndagbok: 1\nid: now\n---\n\n\`\`\`yaml task\nid: say\n\`\`\`\n\`\`\`bash script\n${script}\n\`\`\`\n`
const warmUp = 5

function atMs(text: string): number {
  const at = /at=(\d+)[.,](\d{6})/.exec(text)
  if (at === null) throw new Error(`the script did not write its time: ${text}`)
  return Number(at[1]) * 1000 + Number(at[2]) / 1000
}

async function bareSpawn(): Promise<number> {
  const start = wallMs()
  const child = spawn('bash', ['-c', script], { stdio: ['ignore', 'pipe', 'ignore'] })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  await new Promise((resolve) => child.once('close', resolve))
  return atMs(text) - start
}

async function pushNotebook(product: Product): Promise<void> {
  const work = await mkdtemp(join(tmpdir(), 'dagbok-p5-'))
  try {
    await git(work, 'init', '-q', '-b', 'main')
    await writeFile(join(work, 'now.dag.md'), notebook)
    await git(work, 'add', '-A')
    await git(work, 'commit', '-qm', 'First')
    await git(work, 'push', '-q', product.remote('now'), 'main')
  } finally {
    await rm(work, { recursive: true, force: true })
  }
}

interface Sample {
  code: number
  answered: number
  /** Times of the database: the task run's own. */
  running: number
}

/** One run to its end: it succeeded, and its log has the time. */
async function oneRun(product: Product): Promise<Sample> {
  const start = wallMs()
  const made = (await product.api('/dags/main/now/now/runs', { method: 'POST', body: '{}' })) as {
    id: string
  }
  const answered = wallMs() - start
  const run = await runToEnd(product, made.id)
  const text = (await product.api(`/runs/${made.id}/tasks/say/attempts/1/log`)) as string
  const [task] = run.taskRuns
  return {
    code: atMs(text) - start,
    answered,
    running: Date.parse(task?.startedAt ?? '') - Date.parse(task?.queuedAt ?? ''),
  }
}

const row = (figure: string, values: number[]): Row => ({
  figure,
  'p50 ms': round(median(values)),
  'p95 ms': round(quantile(values, 0.95)),
  'p99 ms': round(quantile(values, 0.99)),
})

async function measure(product: Product, peer: QueuePeer, samples: number): Promise<Row[]> {
  const ours: Sample[] = []
  const queue: number[] = []
  const bare: number[] = []
  const progress = new Progress('run', samples)
  for (let i = -warmUp; i < samples; i++) {
    const one = { ours: await oneRun(product), queue: await peer.once(), bare: await bareSpawn() }
    if (i < 0) continue
    ours.push(one.ours)
    queue.push(one.queue)
    bare.push(one.bare)
    progress.step()
  }
  progress.end()
  const code = ours.map((sample) => sample.code)
  return [
    { ...row('trigger → first byte of code', code), ...ratioRow(code, queue) },
    { ...row(peer.name, queue), ratio: 1 },
    {
      ...row(
        'of it: POST answered',
        ours.map((sample) => sample.answered),
      ),
      ratio: '',
    },
    {
      ...row(
        'of it: task run queued → running',
        ours.map((sample) => sample.running),
      ),
      ratio: '',
    },
    { ...row('floor: bash spawned without an engine', bare), ...ratioRow(bare, queue) },
  ]
}

/** @returns rows of the table; `samples` rounds. @throws when the peer cannot be installed, or a run fails */
export async function triggerToCode(options: { samples: number }): Promise<Row[]> {
  return withPostgres(async (server) => {
    const peer = await startGraphileWorker(server)
    try {
      const product = await startProduct({ seed: false })
      try {
        await pushNotebook(product)
        return await measure(product, peer, options.samples)
      } finally {
        await product.stop()
      }
    } finally {
      await peer.stop()
    }
  })
}
