/**
 * A newcomer's machine as a stage: a clone of this checkout, a HOME with nothing in it, `npm start`, and the first five
 * minutes in a browser. What is not committed is not in it.
 */
import { execFile, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { openDataFolder } from '#cli/start/data-folder.ts'
import { newcomersEnvironment } from '#server/config/newcomer.ts'
import { noBrowser, tallyIn } from './browser-stage.ts'
import { ProcessGroups } from './process-groups.ts'
import { root, type Tally } from './stage.ts'

const run = promisify(execFile)

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

/** Starts npm in the clone. */
type Npm = (args: string[], more?: Record<string, string>) => ChildProcess

/** ms: an install and a build on a machine that is busy besides take a few minutes. */
const readyMs = 600_000

async function untilThere(file: string, child: ChildProcess): Promise<void> {
  for (const end = Date.now() + readyMs; !existsSync(file);) {
    if (child.exitCode !== null || child.signalCode !== null)
      throw new Error('`npm start` ended in the clone before it was ready')
    if (Date.now() > end)
      throw new Error(`\`npm start\` in the clone was not ready after ${readyMs / 60_000} min`)
    await new Promise((done) => setTimeout(done, 100))
  }
}

/** The journey, asked of a product that `npm start` has started in `checkout`. */
async function journey(checkout: string, npm: Npm, ready: string): Promise<Tally> {
  const start = npm(['start', '--', '--port', '0', '--no-open', '--ready-file', ready])
  await untilThere(ready, start)
  const failures = join(root, '.e2e/failures-of-clone')
  const tests = npm(['run', 'e2e', '--', 'first-five-minutes', '--output', failures], {
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
    if (existsSync(stdout.trim())) kept[`npm_config_${name}`] = stdout.trim()
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
  const env = newcomersEnvironment(root, { ...(await npmOfThisUser()), HOME: home })
  const groups = new ProcessGroups()
  const npm: Npm = (args, more) =>
    groups.start('npm', args, {
      cwd: checkout,
      env: { ...env, ...more },
      stdio: ['ignore', 'inherit', 'inherit'],
    })
  const stop = () => void groups.end().finally(() => process.exit(1))
  for (const signal of signals) process.once(signal, stop)
  try {
    await run('git', ['clone', '--quiet', root, checkout])
    return await journey(checkout, npm, join(folder, 'ready.json'))
  } finally {
    await groups.end()
    for (const signal of signals) process.removeListener(signal, stop)
    const data = join(checkout, '.dagbok')
    // As root the database lies outside the data folder.
    if (existsSync(data)) await rm((await openDataFolder(data)).runtime, { recursive: true, force: true })
    await rm(folder, { recursive: true, force: true })
  }
}
