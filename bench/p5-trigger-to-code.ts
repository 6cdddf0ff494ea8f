/**
 * P5: from `POST …/runs` on an idle product to the first byte of the task's script, which writes the time it sees. The
 * peer is a queue that starts a function in a warm process; the floor is the same script spawned without an engine.
 * They take turns. Ours crosses HTTP and starts a process a task; the peer does neither.
 */
import { spawn } from 'node:child_process'
import { setTimeout as pause } from 'node:timers/promises'
import { startGraphileWorker, type QueuePeer } from './harness/graphile-worker.ts'
import { withPostgres } from './harness/postgres-floor.ts'
import { startProduct, type Product } from './harness/product.ts'
import { Progress } from './harness/progress.ts'
import { pushFiles, startRun, succeeded, untilOver } from './harness/runs.ts'
import { compare, quantile, round, spread, type Row } from './harness/statistics.ts'
import { wallMs } from './harness/wall-clock.ts'

const script = 'echo "at=$EPOCHREALTIME"'
export const healthyNotebook = `---\ndagbok: 1\nid: now\n---\n\n\`\`\`yaml task\nid: say\n\`\`\`\n\`\`\`bash script\n${script}\n\`\`\`\n`
const warmUp = 5
const figures = { code: 'trigger → first byte of code' }

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

interface Sample {
  code: number
  answered: number
  /** Times of the database: the task run's own. */
  running: number
}

/** One run to its end: it succeeded, and its log has the time. */
export async function oneRun(product: Product): Promise<Sample> {
  const start = wallMs()
  const id = await startRun(product, 'now', 'now')
  const answered = wallMs() - start
  // Not at once: asking takes time from what is measured.
  await pause(100)
  await untilOver(product, 'now', 'now', [id])
  const run = await succeeded(product, id)
  const text = (await product.api(`/runs/${id}/tasks/say/attempts/1/log`)) as string
  const [task] = run.taskRuns
  return {
    code: atMs(text) - start,
    answered,
    running: Date.parse(task?.startedAt ?? '') - Date.parse(task?.queuedAt ?? ''),
  }
}

const row = (figure: string, values: number[]): Row => ({
  figure,
  ...spread(values),
  'p99 ms': round(quantile(values, 0.99)),
})

interface Round {
  ours: Sample
  queue: number
  bare: number
}

function rowsOf(rounds: Round[], peer: string): Row[] {
  const [ours, queue, bare] = [
    rounds.map((r) => r.ours),
    rounds.map((r) => r.queue),
    rounds.map((r) => r.bare),
  ]
  const there = !queue.some(Number.isNaN)
  const compared = (figure: string, values: number[]): Row => ({
    ...row(figure, values),
    ...compare(values, { peer: there ? queue : [], floor: bare }),
  })
  return [
    compared(
      figures.code,
      ours.map((sample) => sample.code),
    ),
    compared(
      'of it: POST answered',
      ours.map((sample) => sample.answered),
    ),
    compared(
      'of it: task run queued → running',
      ours.map((sample) => sample.running),
    ),
    ...(there ? [compared(peer, queue)] : [{ figure: peer }]),
    compared('floor: bash spawned without an engine', bare),
  ]
}

async function measure(product: Product, peer: QueuePeer | null, samples: number): Promise<Round[]> {
  const rounds: Round[] = []
  const progress = new Progress('run', samples)
  for (let i = -warmUp; i < samples; i++) {
    const queue = peer === null ? Number.NaN : await peer.once()
    const one = { ours: await oneRun(product), queue, bare: await bareSpawn() }
    if (i < 0) continue
    rounds.push(one)
    progress.step()
  }
  progress.end()
  return rounds
}

/** The rounds, and what the peer is called; a peer that is not there is named with the reason. */
async function withPeer(samples: number): Promise<Row[]> {
  return withPostgres(async (server) => {
    const peer = await startGraphileWorker(server).catch((error: unknown) => String(error))
    try {
      const there = typeof peer === 'string' ? null : peer
      const name = typeof peer === 'string' ? `peer left out: ${peer.split('\n')[0]}` : peer.name
      return rowsOf(await onProduct((product) => measure(product, there, samples)), name)
    } finally {
      if (typeof peer !== 'string') await peer.stop()
    }
  })
}

async function onProduct<T>(work: (product: Product) => Promise<T>): Promise<T> {
  const product = await startProduct({ seed: false })
  try {
    await pushFiles(product, 'now', { 'now.dag.md': healthyNotebook })
    return await work(product)
  } finally {
    await product.stop()
  }
}

/** @returns rows of the table; `samples` rounds. `peer: false` compares with the floor only. @throws when a run fails */
export async function triggerToCode(options: { samples: number; peer: boolean }): Promise<Row[]> {
  if (options.peer) return withPeer(options.samples)
  return rowsOf(await onProduct((product) => measure(product, null, options.samples)), 'peer left out')
}
