/** For tests: the supervisor of `npm start` as a process, on a data folder of its own. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { childEnvironment } from '#server/config/environment.ts'
import type { Ready } from '../../e2e/fixtures/product.ts'
import { root } from '../check/stage.ts'
import { openDataFolder } from '../start/data-folder.ts'

interface Launched {
  child: ChildProcess
  output: () => string
}

export interface Started extends Launched {
  ready: Ready
}

export class Home {
  readonly #children: ChildProcess[] = []
  readonly folder: string
  /** Where Postgres is: as root outside the data folder. */
  readonly runtime: string
  readonly data: string
  readonly readyFile: string

  private constructor(folder: string, runtime: string) {
    this.folder = folder
    this.runtime = runtime
    this.data = join(folder, 'data')
    this.readyFile = join(folder, 'ready.json')
  }

  static async make(): Promise<Home> {
    const folder = await mkdtemp(join(tmpdir(), 'dagbok-start-'))
    return new Home(folder, (await openDataFolder(join(folder, 'data'))).runtime)
  }

  /**
   * @param more further options; of one that is given twice the last counts
   * @param command what is given them, instead of the supervisor
   */
  launch(
    more: string[] = [],
    env: Record<string, string> = {},
    command: readonly [string, ...string[]] = [process.execPath, join(root, 'cli/start/supervisor.ts')],
  ): Launched {
    const [program, ...first] = command
    const own = ['--data-dir', this.data, '--ready-file', this.readyFile, '--no-examples']
    const args = ['--port', '0', '--no-open', ...own, ...more]
    const child = spawn(program, [...first, ...args], {
      cwd: root,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: childEnvironment(env),
    })
    this.#children.push(child)
    let said = ''
    child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    return { child, output: () => said }
  }

  /** The same, until it is ready. @throws Error when it ends before that */
  async start(...given: Parameters<Home['launch']>): Promise<Started> {
    const { child, output } = this.launch(...given)
    for (;;) {
      if (child.exitCode !== null) throw new Error(`it ended before it was ready:\n${output()}`)
      const text = await readFile(this.readyFile, 'utf8').catch(() => null)
      // The file can be there before the last line came through the pipe.
      if (text !== null && output().includes('Sign in'))
        return { child, output, ready: JSON.parse(text) as Ready }
      await new Promise((done) => setTimeout(done, 10))
    }
  }

  /** Every process whose command line or environment names this home. */
  async processes(): Promise<number[]> {
    const found: number[] = []
    for (const name of await readdir('/proc')) {
      if (!/^\d+$/.test(name) || Number(name) === process.pid) continue
      const texts = await Promise.all(
        [`/proc/${name}/cmdline`, `/proc/${name}/environ`].map((file) =>
          readFile(file, 'utf8').catch(() => ''),
        ),
      )
      if (texts.some((text) => text.includes(this.folder) || text.includes(this.runtime)))
        found.push(Number(name))
    }
    return found
  }

  /** Those of them that run one of these files. */
  async running(files: readonly string[]): Promise<number[]> {
    const found: number[] = []
    for (const pid of await this.processes()) {
      const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      if (files.some((file) => command.includes(file))) found.push(pid)
    }
    return found
  }

  /** Ends what is left, and takes the folders away. */
  async close(): Promise<void> {
    for (const child of this.#children) {
      if (child.exitCode !== null || child.signalCode !== null) continue
      child.kill('SIGTERM')
      await once(child, 'exit')
    }
    for (const path of [this.folder, this.runtime]) await rm(path, { recursive: true, force: true })
  }
}
