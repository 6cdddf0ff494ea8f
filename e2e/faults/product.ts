/** A product that is killed and started again on one data folder: each life with failpoints of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { openDataFolder } from '#cli/start/data-folder.ts'
import { childEnvironment } from '#server/config/environment.ts'
import { askProduct, waitForReady, type Ready } from '../fixtures/product.ts'

const root = resolve(import.meta.dirname, '../..')

export class MortalProduct {
  /** For files that tasks and the test share: any user may write there. */
  readonly folder: string
  ready: Ready | null = null
  lives = 0
  #child: ChildProcess | null = null
  #said = ''

  private constructor(folder: string) {
    this.folder = folder
  }

  static async make(): Promise<MortalProduct> {
    const folder = await mkdtemp(join(tmpdir(), 'dagbok-faults-'))
    await chmod(folder, 0o777)
    return new MortalProduct(folder)
  }

  /** Data folder. */
  get data(): string {
    return join(this.folder, 'data')
  }

  /** What all lives have said. */
  get said(): string {
    return this.#said
  }

  /**
   * Begins a life, as the leader of a process group of its own. Resolves when it is ready.
   * @param env of this life, over ours
   */
  async start(failpoints: readonly string[] = [], env: Record<string, string> = {}): Promise<Ready> {
    const file = join(this.folder, 'ready.json')
    await rm(file, { force: true })
    const options = [
      '--no-open',
      '--no-examples',
      '--port',
      '0',
      '--data-dir',
      this.data,
      '--ready-file',
      file,
    ]
    const child = spawn(process.execPath, [join(root, 'cli/start/supervisor.ts'), ...options], {
      cwd: root,
      detached: true,
      env: childEnvironment({
        ...env,
        DAGBOK_TEST_FAULTS: '1',
        DAGBOK_FAILPOINTS: failpoints.join(','),
      }),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.lives++
    this.#child = child
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (this.#said += chunk.toString()))
    return (this.ready = await waitForReady(child, file, () => `life ${this.lives}: ${this.#said}`))
  }

  /** Asks REST, with the ready file's token. */
  api<T>(path: string, body?: unknown): Promise<T> {
    if (this.ready === null) throw new Error('it was never ready')
    return askProduct<T>(this.ready, path, body)
  }

  /** Resolves when this life was ended by a failpoint. */
  async died(): Promise<void> {
    const child = this.#child
    if (child === null) return
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    if (child.signalCode !== 'SIGKILL') throw new Error(`it ended with ${child.exitCode}:\n${this.#said}`)
    this.#child = null
  }

  /** kill -9 of supervisor, web and workers at one instant. */
  async kill(): Promise<void> {
    const pid = this.#child?.pid
    if (pid !== undefined) process.kill(-pid, 'SIGKILL')
    await this.died()
  }

  /** Ends it as a user would, and removes everything. */
  async remove(): Promise<void> {
    const child = this.#child
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    const { runtime } = await openDataFolder(this.data)
    for (const path of [runtime, this.folder]) await rm(path, { recursive: true, force: true })
  }
}
