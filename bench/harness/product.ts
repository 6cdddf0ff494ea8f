/** The product, started as a user starts it, on its own data folder and port; and a small REST client for it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { atExit, endNow } from './ending.ts'

const root = resolve(import.meta.dirname, '../..')

interface Ready {
  url: string
  signInUrl: string
  gitUrl: string
  apiUrl: string
  apiToken: string
}

export interface Product extends Ready {
  folder: string
  pid: number
  /** ms from the command to the ready file. */
  startMs: number
  /** What it printed while it started. */
  output: () => string
  api: (path: string, init?: RequestInit) => Promise<unknown>
  /** Address of a repository for git, with the token in it. */
  remote: (repository: string) => string
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

/** A folder for several starts. */
export async function keptFolder() {
  const path = await mkdtemp(join(tmpdir(), 'dagbok-bench-'))
  return { path, remove: () => rm(path, { recursive: true, force: true }) }
}

interface StartOptions {
  /** Whether the example DAGs are pushed and run. */
  seed: boolean
  /** For several starts; without it a new one that is gone afterwards. */
  folder?: string
  /** `postgres://…` of a database that is there; without it Postgres comes with the product. */
  database?: string
  /** By default one that is free. */
  port?: number
  /** Settings beside those of the command. */
  settings?: Record<string, string>
}

/** Starts it as a user does. @throws with what it printed when it ends before it is ready */
export async function startProduct(options: StartOptions): Promise<Product> {
  const own = options.folder === undefined ? await keptFolder() : null
  const folder = options.folder ?? own?.path ?? ''
  const readyFile = join(folder, 'ready.json')
  const started = performance.now()
  const args = [
    'cli/start.mjs',
    '--port',
    String(options.port ?? 0),
    '--no-open',
    '--data-dir',
    join(folder, 'data'),
    '--ready-file',
    readyFile,
  ]
  const child = spawn('node', options.seed ? args : [...args, '--no-examples'], {
    cwd: root,
    env: {
      ...process.env,
      ...(options.database === undefined ? {} : { DATABASE_URL: options.database }),
      ...options.settings,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const forget = atExit(() => {
    endNow(child.pid ?? 0, 'SIGTERM')
    if (own !== null) rmSync(own.path, { recursive: true, force: true })
  })
  let text = ''
  child.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (text += chunk.toString()))
  const stop = async () => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    forget()
    await own?.remove()
  }
  try {
    const ready = await untilReady(child, readyFile, () => text)
    const api = async (path: string, init: RequestInit = {}) => {
      const headers = { authorization: `Bearer ${ready.apiToken}`, 'content-type': 'application/json' }
      const response = await fetch(`${ready.apiUrl}${path}`, { ...init, headers })
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`)
      return response.headers.get('content-type')?.includes('json')
        ? await response.json()
        : await response.text()
    }
    const remote = (repository: string) => {
      const url = new URL(`${ready.gitUrl}/${repository}.git`)
      url.username = 'bench'
      url.password = ready.apiToken
      return url.href
    }
    return {
      ...ready,
      folder,
      pid: child.pid ?? 0,
      startMs: performance.now() - started,
      output: () => text,
      api,
      remote,
      stop,
    }
  } catch (error) {
    await stop()
    throw error
  }
}
