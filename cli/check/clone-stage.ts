/**
 * A newcomer's machine as a stage: a clone of this checkout, a HOME with nothing in it, `npm start`, and the first five
 * minutes in a browser. What is not committed is not in it.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openDataFolder } from '#cli/start/data-folder.ts'
import { newcomersEnvironment } from '#server/config/newcomer.ts'
import { noBrowser, tallyIn } from './browser-stage.ts'
import { root, type Tally } from './stage.ts'

const run = promisify(execFile)

const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  )

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** npm's programs in the clone: each is a group of processes of its own, so that none outlives the stage. */
class Clone {
  readonly #folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly #children: ChildProcess[] = []

  constructor(folder: string, env: NodeJS.ProcessEnv) {
    this.#folder = folder
    this.#env = env
  }

  npm(args: string[], more: Record<string, string> = {}): ChildProcess {
    const child = spawn('npm', args, {
      cwd: this.#folder,
      env: { ...this.#env, ...more },
      stdio: ['ignore', 'inherit', 'inherit'],
      detached: true,
    })
    this.#children.push(child)
    return child
  }

  /** As Ctrl-C in its terminal does, the newest first. */
  async end(): Promise<void> {
    for (const child of this.#children.toReversed()) {
      if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) continue
      process.kill(-child.pid, 'SIGINT')
      await once(child, 'exit')
    }
  }
}

async function untilThere(file: string, child: ChildProcess): Promise<void> {
  while (!(await isThere(file))) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error('`npm start` ended in the clone before it was ready')
    await new Promise((done) => setTimeout(done, 100))
  }
}

/** The journey, asked of a product that `npm start` has started in `checkout`. */
async function journey(checkout: string, clone: Clone, ready: string): Promise<Tally> {
  const start = clone.npm(['start', '--', '--port', '0', '--no-open', '--ready-file', ready])
  await untilThere(ready, start)
  const failures = join(root, '.e2e/failures-of-clone')
  const tests = clone.npm(['run', 'e2e', '--', 'first-five-minutes', '--output', failures], {
    DAGBOK_TEST_READY: ready,
  })
  const [code] = (await once(tests, 'exit')) as [number | null]
  return tallyIn(checkout, code ?? 1)
}

/** What npm keeps for its user: a newcomer behind a proxy has settings, too, and packages need not be fetched again. */
async function npmOfThisUser(): Promise<Record<string, string>> {
  const kept: Record<string, string> = {}
  for (const name of ['cache', 'userconfig']) {
    const { stdout } = await run('npm', ['config', 'get', name], { cwd: root })
    if (await isThere(stdout.trim())) kept[`npm_config_${name}`] = stdout.trim()
  }
  return kept
}

/** @throws Error when the clone cannot be made, or does not start */
export async function cloneStage(): Promise<Tally> {
  const skipped = await noBrowser()
  if (skipped !== null) return skipped
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-clone-'))
  const [home, checkout] = [join(folder, 'home'), join(folder, 'dagbok')]
  await mkdir(home)
  const clone = new Clone(checkout, newcomersEnvironment(root, { ...(await npmOfThisUser()), HOME: home }))
  const stop = () => void clone.end().finally(() => process.exit(1))
  for (const signal of signals) process.once(signal, stop)
  try {
    await run('git', ['clone', '--quiet', root, checkout])
    return await journey(checkout, clone, join(folder, 'ready.json'))
  } finally {
    await clone.end()
    for (const signal of signals) process.removeListener(signal, stop)
    // As root the database lies outside the data folder.
    const { runtime } = await openDataFolder(join(checkout, '.dagbok'))
    for (const path of [runtime, folder]) await rm(path, { recursive: true, force: true })
  }
}
