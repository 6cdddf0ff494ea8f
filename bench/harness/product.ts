/** The product, started as a user starts it, on its own data folder and port. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '../..')

interface Ready {
  url: string
  signInUrl: string
}

export interface Product extends Ready {
  folder: string
  pid: number
  /** ms from the command to the ready file. */
  startMs: number
  stop: () => Promise<void>
}

async function untilReady(child: ChildProcess, file: string, output: () => string): Promise<Ready> {
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the product ended before it was ready:\n${output()}`)
    const text = await readFile(file, 'utf8').catch(() => null)
    if (text !== null) return JSON.parse(text) as Ready
    await new Promise((done) => setTimeout(done, 5))
  }
}

/** Starts it in a new folder under the temp folder. */
export async function startProduct(): Promise<Product> {
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-bench-'))
  const readyFile = join(folder, 'ready.json')
  const started = performance.now()
  const args = [
    'cli/start.mjs',
    '--port',
    '0',
    '--no-open',
    '--data-dir',
    join(folder, 'data'),
    '--ready-file',
    readyFile,
  ]
  const child = spawn('node', args, {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    await rm(folder, { recursive: true, force: true })
  }
  try {
    const ready = await untilReady(child, readyFile, () => text)
    return { ...ready, folder, pid: child.pid ?? 0, startMs: performance.now() - started, stop }
  } catch (error) {
    await stop()
    throw error
  }
}
