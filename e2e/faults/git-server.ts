/** Lives of the git process, on one database and folder; pushes to it, and what is true of its repositories afterwards. */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { readdir, readFile, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { promisify } from 'node:util'
import { childEnvironment } from '#server/config/environment.ts'
import { gitEnvironment } from '#server/git/run-git.ts'
import { pause } from './until.ts'

const program = join(import.meta.dirname, 'git-process.ts')

export class GitServer {
  readonly #databaseUrl: string
  readonly #folder: string
  #child: ChildProcess | null = null
  #port = 0

  constructor(databaseUrl: string, folder: string) {
    this.#databaseUrl = databaseUrl
    this.#folder = folder
  }

  address(token: string, repository: string): string {
    return `http://tests:${token}@127.0.0.1:${this.#port}/git/main/${repository}.git`
  }

  /** Begins a life as a process group of its own. Resolves when it listens. */
  async start(failpoints: readonly string[]): Promise<void> {
    const child = spawn(process.execPath, [program, this.#databaseUrl, this.#folder], {
      detached: true,
      env: childEnvironment({ DAGBOK_TEST_FAULTS: '1', DAGBOK_FAILPOINTS: failpoints.join(',') }),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    this.#child = child
    for await (const line of createInterface({ input: child.stdout })) {
      this.#port = Number(line)
      return
    }
    throw new Error('the git process ended before it listened')
  }

  get dead(): boolean {
    return this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Whether a failpoint has ended it, or ends it within some seconds: its client may hear of that first. */
  async died(): Promise<boolean> {
    for (const end = Date.now() + 5000; !this.dead && Date.now() < end;) await pause(10)
    return this.dead
  }

  /** kill -9. What it started lives on, as after a real one. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === null || this.dead) return
    process.kill(-(child.pid ?? 0), 'SIGKILL')
    await once(child, 'exit')
  }

  async stop(): Promise<void> {
    const child = this.#child
    if (child === null || this.dead) return
    child.kill('SIGTERM')
    await once(child, 'exit')
  }
}

/** Programs of a push on the server's side, by pid and name (`git-receive-pack` runs as `git receive-pack …`). */
export async function gitPrograms(repository: string): Promise<{ pid: number; command: string }[]> {
  const found: { pid: number; command: string }[] = []
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name)) continue
    const cwd = await readlink(`/proc/${name}/cwd`).catch(() => '')
    if (!cwd.startsWith(repository)) continue
    const command = await readFile(`/proc/${name}/cmdline`, 'latin1').catch(() => '')
    found.push({ pid: Number(name), command: command.replaceAll('\0', ' ') })
  }
  return found
}

export interface Told {
  ok: boolean
  said: string
}

/** A push by a real client, under way. `told` resolves with what the client was told. */
export function push(tree: string, home: string, args: readonly string[]): { told: Promise<Told> } {
  const child = spawn('git', ['push', '--porcelain', ...args], {
    cwd: tree,
    env: { ...gitEnvironment(), HOME: home, GIT_ALLOW_PROTOCOL: 'http' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let said = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
  return { told: once(child, 'close').then(([code]) => ({ ok: code === 0, said })) }
}

/** What killed programs left in a repository. */
export async function leftBehind(repository: string): Promise<string[]> {
  // What git takes away meanwhile is looked for again.
  const names = await readdir(repository, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error
    return null
  })
  if (names === null) return leftBehind(repository)
  return names.filter(
    (name) => name.endsWith('.lock') || /(^|\/)(tmp_objdir|incoming|tmp_pack|tmp_idx)[^/]*$/.test(name),
  )
}

/** What git itself says is wrong with a repository, line by line. */
export async function fsck(repository: string): Promise<string[]> {
  const { stdout, stderr } = await promisify(execFile)(
    'git',
    ['-c', 'safe.directory=*', `--git-dir=${repository}`, 'fsck', '--full', '--no-dangling'],
    { env: gitEnvironment() },
  ).catch((error: unknown) => ({ stdout: '', stderr: String(error) }))
  return `${stdout}${stderr}`.split('\n').filter((line) => line.trim() !== '')
}
