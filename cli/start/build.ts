/** The build of the web pages: made aside, renamed whole, and made again only when what goes into it has changed. */
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { childEnvironment } from '#server/config/environment.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { lockDataFolder, type Lock } from './data-folder.ts'
import { buildStage } from './progress.ts'

/** What the pages are built of. */
export const sources = [
  'app',
  'server',
  'db/schema',
  'db/queries',
  'db/client.ts',
  'next.config.mjs',
  'postcss.config.mjs',
  'package-lock.json',
]

async function files(path: string): Promise<string[]> {
  const entries = await readdir(path, { withFileTypes: true, recursive: true }).catch(() => null)
  if (entries === null) return [path]
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name))
}

/** SHA-256 over every file that the build reads. Tests are none of them. */
async function fingerprint(root: string): Promise<string> {
  const all = (await Promise.all(sources.map((source) => files(join(root, source))))).flat()
  const hash = createHash('sha256').update(process.version)
  for (const file of all.filter((path) => !path.includes('.test.')).sort())
    hash
      .update(relative(root, file))
      .update('\0')
      .update(await readFile(file))
      .update('\0')
  return hash.digest('hex')
}

const stampName = 'dagbok-fingerprint'

/** Builds that were stopped half-way. Nobody else makes one now. */
async function sweepBuilds(root: string): Promise<void> {
  for (const name of await readdir(root))
    if (/^\.build-\d+$/.test(name)) await rm(join(root, name), { recursive: true, force: true })
}

/** Told of each stage, in a few words. */
type Told = (stage: string) => void

const builtOf = (root: string): Promise<string> =>
  readFile(join(root, '.build', stampName), 'utf8').catch(() => '')

async function makeBuild(root: string, wanted: string, stop: AbortSignal, told: Told): Promise<boolean> {
  if ((await builtOf(root)) === wanted) return false
  const target = join(root, '.build')
  told('building the pages')
  await sweepBuilds(root)
  const aside = `.build-${process.pid}`
  await writeFile(join(root, '.build-tsconfig.json'), '{ "extends": "./tsconfig.json" }\n')
  const env = childEnvironment({
    DAGBOK_DIST_DIR: aside,
    NEXT_TELEMETRY_DISABLED: '1',
    NODE_ENV: 'production',
  })
  const child = spawn(process.execPath, [join(root, 'node_modules/next/dist/bin/next'), 'build'], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: stop,
  })
  let said = ''
  createInterface({ input: child.stdout }).on('line', (line) => {
    said += `${line}\n`
    const begun = buildStage(line)
    if (begun !== null) told(begun)
  })
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (code !== 0) {
    await rm(join(root, aside), { recursive: true, force: true })
    throw new DagbokError('internal', `The build of the pages failed:\n${said}`)
  }
  await writeFile(join(root, aside, stampName), wanted)
  await rm(target, { recursive: true, force: true })
  await rename(join(root, aside), target)
  return true
}

/** Two products of one clone may start at once: the second waits for the first one's build. */
async function lockBuilds(root: string, told: Told): Promise<Lock> {
  const folder = join(root, '.build-lock')
  await mkdir(folder, { recursive: true })
  for (;;) {
    const lock = await lockDataFolder(folder).catch((error: unknown) => {
      if (error instanceof DagbokError && error.code === 'conflict') return null
      throw error
    })
    if (lock !== null) return lock
    told('waiting for the build of another start')
    await new Promise((done) => setTimeout(done, 200))
  }
}

/**
 * Makes `.build` unless it is current; `stop` ends what it has started, `told` hears how far it is. Gives whether it was made.
 * @throws DagbokError `internal` with Next's words; AbortError when it was stopped
 */
export async function ensureBuild(root: string, stop: AbortSignal, told: Told = () => {}): Promise<boolean> {
  const wanted = await fingerprint(root)
  // In an image it is there, and nothing can be written.
  if ((await builtOf(root)) === wanted) return false
  const lock = await lockBuilds(root, told)
  try {
    return await makeBuild(root, wanted, stop, told)
  } finally {
    await lock.release()
  }
}
