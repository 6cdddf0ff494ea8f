/**
 * Several real processes: schedulers on one database and one data folder, each with a runtime folder of its own; or workers
 * of the pool.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmod, mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { nodeOptions } from '#cli/setup/machine.mjs'
import { childEnvironment } from '#server/config/environment.ts'

const ownBuild = resolve(import.meta.dirname, '../..')
const preloaded = pathToFileURL(join(import.meta.dirname, 'mutant-preload.ts')).href
/** Node's option by which a process is this mutant of `mutants.ts`. */
export const preloadedAs = (mutant: string): string => `--import=${preloaded}?${encodeURIComponent(mutant)}`
/** Characters of what a worker printed that are kept. */
const kept = 20_000

/** What starts a member of a fleet. */
interface Program {
  /** Arguments of Node. */
  argv: readonly string[]
  env: Record<string, string>
  /** Gone with it. */
  folder: string
}

interface PoolWorkerGiven {
  /** Its own, gone with it. */
  folder: string
  url: string
  token: string
  options: readonly string[]
  env?: Record<string, string>
}

export class FleetMember {
  readonly #program: Program
  #child: ChildProcess | null = null
  #paused = false
  /** Whether it was asked to end. */
  #told = false
  said = ''
  lives = 0
  /** Resolves when a scheduler says that it works; a worker of the pool does not say so. */
  ready: Promise<void> = Promise.resolve()
  /** How lives ended that ended by themselves, and not well: a sentence each. */
  readonly fell: string[] = []
  /** The mutant of `mutants.ts` that its next lives are; null: the product as it is. */
  mutant: string | null = null

  protected constructor(program: Program) {
    this.#program = program
  }

  /** A worker of the pool that works for the desk behind `url`. */
  static poolWorker({ folder, url, token, options, env = {} }: PoolWorkerGiven): FleetMember {
    const program = join(ownBuild, 'cli/commands/main.ts')
    const argv = [program, 'worker', '--server', url, '--data-dir', folder, ...options]
    const own = { ...env, DAGBOK_WORKER_TOKEN: token, DAGBOK_TEST_FAULTS: '1' }
    return new FleetMember({ argv, env: own, folder })
  }

  /**
   * Begins a life, as a process group of its own.
   * @param env of this life, over that of all
   */
  protected begin(env: Record<string, string>): void {
    const { argv, env: own } = this.#program
    const mutant = this.mutant
    const options = mutant === null ? [] : [preloadedAs(mutant)]
    const child = spawn(process.execPath, [...nodeOptions, ...options, ...argv], {
      detached: true,
      env: childEnvironment({ ...own, ...env }),
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#child = child
    this.lives++
    child.once('exit', (code) => {
      if (code !== null && !(code === 0 && this.#told)) this.fell.push(`it ended with ${code}: ${this.said}`)
    })
    this.#told = false
    // The product tells its supervisor so.
    this.ready = new Promise((done) => child.once('message', () => done()))
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => (this.said = (this.said + chunk.toString()).slice(-kept)))
  }

  start(): void {
    this.begin({})
  }
  get pid(): number | undefined {
    return this.#child?.pid
  }

  get dead(): boolean {
    return this.#child === null || this.#child.exitCode !== null || this.#child.signalCode !== null
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
    this.#told = true
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
    await rm(this.#program.folder, { recursive: true, force: true })
  }
}

/** A scheduler, with the `process` executor and the desk. */
export class FleetWorker extends FleetMember {
  /** Folder that its attempts run in: names its worker's host. */
  readonly runtime: string

  private constructor(runtime: string, env: Record<string, string>, build: string) {
    const own = { ...env, DAGBOK_RUNTIME_DIR: runtime, DAGBOK_TEST_FAULTS: '1' }
    super({ argv: [join(build, 'workers/main.ts')], env: own, folder: runtime })
    this.runtime = runtime
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
   * Begins a life: a failpoint ends its process group.
   * @param env of this life, over that of all
   */
  override start(failpoints: readonly string[] = [], env: Record<string, string> = {}): void {
    this.begin({ ...env, DAGBOK_FAILPOINTS: failpoints.join(',') })
  }
}
