/** Several real worker processes on one database and one data folder, each with a runtime folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { nodeOptions } from '#cli/setup/machine.mjs'
import { childEnvironment } from '#server/config/environment.ts'

const ownBuild = resolve(import.meta.dirname, '../..')
/** Characters of what a worker printed that are kept. */
const kept = 20_000

export class FleetWorker {
  readonly #env: Record<string, string>
  /** Folder that its attempts run in: names its worker's host. */
  readonly runtime: string
  readonly #build: string
  #child: ChildProcess | null = null
  #paused = false
  said = ''
  lives = 0

  private constructor(runtime: string, env: Record<string, string>, build: string) {
    this.runtime = runtime
    this.#build = build
    this.#env = env
  }

  /**
   * @param parent folder that the user id of tasks can enter
   * @param build checkout whose worker it is
   */
  static async make(parent: string, env: Record<string, string>, build = ownBuild): Promise<FleetWorker> {
    const runtime = join(parent, `fleet-${randomUUID()}`)
    await mkdir(runtime, { recursive: true })
    await chmod(runtime, 0o711)
    return new FleetWorker(runtime, env, build)
  }

  /**
   * Begins a life, as a process group of its own: a failpoint ends that group.
   * @param env of this life, over that of all
   */
  start(failpoints: readonly string[] = [], env: Record<string, string> = {}): void {
    const child = spawn(process.execPath, [...nodeOptions, join(this.#build, 'workers/main.ts')], {
      detached: true,
      env: childEnvironment({
        ...this.#env,
        ...env,
        DAGBOK_RUNTIME_DIR: this.runtime,
        DAGBOK_TEST_FAULTS: '1',
        DAGBOK_FAILPOINTS: failpoints.join(','),
      }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    this.lives++
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-kept)))
  }

  get pid(): number | undefined {
    return this.#child?.pid
  }

  get dead(): boolean {
    return this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** How it ended, if by itself; null while it lives and after a kill. */
  get exitCode(): number | null {
    return this.#child?.exitCode ?? null
  }

  /** SIGKILL: what its tasks started lives on, as after a real one. */
  async kill(): Promise<void> {
    const child = this.#child
    if (child === null || this.dead) return
    const gone = once(child, 'exit')
    child.kill('SIGKILL')
    await gone
    this.#paused = false
  }

  /** SIGTERM, as an upgrade ends it. */
  async stop(): Promise<void> {
    const child = this.#child
    if (child === null || this.dead) return
    const gone = once(child, 'exit')
    child.kill('SIGTERM')
    await gone
  }

  /** SIGSTOP: it holds its connections and its locks, and does nothing. */
  pause(): void {
    if (!this.dead) this.#paused = this.#child?.kill('SIGSTOP') === true
  }

  resume(): void {
    if (this.#paused) this.#child?.kill('SIGCONT')
    this.#paused = false
  }

  async remove(): Promise<void> {
    await this.kill()
    await rm(this.runtime, { recursive: true, force: true })
  }
}
