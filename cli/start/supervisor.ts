/** `npm start`, on Node 24: build, Postgres, migrations, web; each stage named with its time; everything ended together. */
import { access, constants, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { openDatabase } from '#db/client.ts'
import { ensureDatabase } from '#db/embedded/postgres.ts'
import { migrateDatabase } from '#db/migrate.ts'
import { deleteTokensNamed } from '#db/queries/token.ts'
import { checkServerVersion } from '#db/server-version.ts'
import { processSettings } from '#server/config/environment.ts'
import type { Settings } from '#server/config/schema.ts'
import { storePlace } from '#server/config/store.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { createSignInLink } from '#server/services/session/sign-in-link.ts'
import { createToken } from '#server/services/token/tokens.ts'
import { openBrowser } from '../print/browser.ts'
import { parseStartArguments, usage, type StartArguments } from './arguments.ts'
import { ensureBuild } from './build.ts'
import { supervise, type Supervised } from './child.ts'
import { lockDataFolder, openDataFolder, secretsKey, sessionSecret, type DataFolder } from './data-folder.ts'
import { firstOwner } from './first-owner.ts'
import { checkHost } from './host.ts'
import { keepPostgres } from './postgres.ts'
import { Progress, withProgress } from './progress.ts'
import { sweepRuntimeFolders } from './runtime-folder.ts'
import { seedExamples } from './seed.ts'
import { proveStore } from './store.ts'

const root = resolve(import.meta.dirname, '../..')
/** Each process has this long to end by itself; the whole stop stays under 10 s. */
const graceMs = 4000
/** The name of the token in the ready file. */
const startToken = 'npm start'

/** What was started, ended in reverse order, each once. */
const ending: (() => Promise<unknown>)[] = []
let end: Promise<never> | null = null
/** Ends what is under way and has nothing to stop it by yet. */
const stopping = new AbortController()

async function endEach(code: number): Promise<never> {
  for (const one of ending.toReversed()) await one().catch((error: unknown) => console.error(error))
  process.exit(code)
}

/**
 * Ends everything, once: one Ctrl-C arrives twice, from the terminal and from `cli/start.mjs`, and a terminal that is closed
 * hangs up besides. Ending at the second would leave Postgres behind.
 */
function endAll(code: number): Promise<never> {
  stopping.abort()
  return (end ??= endEach(code))
}

async function stage<T>(name: string, work: () => Promise<T>, start = performance.now()): Promise<T> {
  const result = await work()
  console.log(`${name.padEnd(9)} ${((performance.now() - start) / 1000).toFixed(1)} s`)
  return result
}

async function startDatabase(settings: Settings, folder: DataFolder): Promise<string> {
  if (settings.DATABASE_URL !== undefined) {
    await checkServerVersion(settings.DATABASE_URL)
    return settings.DATABASE_URL
  }
  const starting = keepPostgres(
    { folder: join(folder.runtime, 'postgres'), sharedBinaries: folder.shared, signal: stopping.signal },
    stopWith,
  )
  // One that is still starting when everything ends would be left behind. That it failed is told by who waits for it.
  ending.push(() =>
    starting.then(
      (server) => server.stop(),
      () => {},
    ),
  )
  const server = await starting
  await ensureDatabase(server, 'dagbok')
  return server.url('dagbok')
}

/** The owner's sign-in link, and a token that is good until the next start. */
async function firstAccess(databaseUrl: string): Promise<{ link: string; token: string }> {
  const db = openDatabase(databaseUrl, { max: 1, applicationName: 'dagbok start' })
  try {
    const userId = await firstOwner(db)
    await deleteTokensNamed(db, userId, startToken)
    const { secret } = await createToken(db, userId, startToken, null)
    return { link: await createSignInLink(db, userId), token: secret }
  } finally {
    await db.close()
  }
}

/** One of an earlier life must not pass for this one's. @throws DagbokError `bad_input` when none can be written there */
async function clearReadyFile(file: string): Promise<void> {
  await access(dirname(file), constants.W_OK).catch(() => {
    throw new DagbokError(
      'bad_input',
      `--ready-file ${file} cannot be written: ${dirname(file)} is not a folder that you may write to.`,
    )
  })
  await rm(file, { force: true })
}

async function writeReadyFile(file: string, content: Record<string, string>): Promise<void> {
  const aside = `${file}.${process.pid}`
  await writeFile(aside, `${JSON.stringify(content)}\n`, { mode: 0o600 })
  await rename(aside, file)
  ending.push(() => rm(file, { force: true }))
}

/** Web and workers, side by side once the address is known. */
async function startProcesses(env: Record<string, string>, settings: Settings): Promise<Supervised> {
  const begin = async (name: string, file: string, more: Record<string, string>) => {
    const child = await supervise({
      name,
      file: join(root, file),
      env: { ...env, ...more },
      gaveUp: stopWith,
    })
    ending.push(() => child.stop(graceMs))
    return child
  }
  const started = performance.now()
  const web = await begin('web', 'app/server.ts', {})
  const ready = stage('web', () => web.ready, started)
  const workers = stage('workers', async () => {
    const child = await begin('worker', 'workers/main.ts', {
      NEXTAUTH_URL: settings.NEXTAUTH_URL ?? web.url,
    })
    await child.ready
  })
  await Promise.all([ready, workers])
  return web
}

async function run(args: StartArguments): Promise<void> {
  const settings = processSettings()
  const host = args.host ?? settings.HOST
  checkHost(host, settings.DAGBOK_ALLOW_PROCESS === '1' || settings.DAGBOK_PROCESSES === '0')
  const folder = await openDataFolder(
    args.dataDir ?? resolve(settings.DAGBOK_DATA_DIR ?? join(root, '.dagbok')),
  )
  const lock = await lockDataFolder(folder.path)
  ending.push(lock.release)
  if (args.readyFile !== null) await clearReadyFile(args.readyFile)
  await stage('build', () =>
    withProgress(new Progress(process.stdout, 'build'), (reach) => ensureBuild(root, stopping.signal, reach)),
  )
  const databaseUrl = await stage('database', async () => {
    const url = await startDatabase(settings, folder)
    await migrateDatabase(url)
    return url
  })
  const store = storePlace(settings, join(folder.path, 'artifacts'))
  // A folder of ours needs no proof.
  const away = store.kind === 's3' ? await stage('store', () => proveStore(store)) : null
  if (away !== null) console.error(`dagbok: ${away} Logs and outputs wait for it.`)
  const env = {
    DATABASE_URL: databaseUrl,
    NEXTAUTH_SECRET: settings.NEXTAUTH_SECRET ?? (await sessionSecret(folder.path)),
    DAGBOK_SECRETS_KEY: settings.DAGBOK_SECRETS_KEY ?? (await secretsKey(folder.path)),
    DAGBOK_DATA_DIR: folder.path,
    DAGBOK_RUNTIME_DIR: folder.runtime,
    HOST: host,
    PORT: String(args.port ?? settings.PORT),
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
  }
  const web = await startProcesses(env, settings)
  await lock.tell(web.url)
  const first = await firstAccess(databaseUrl)
  const signInUrl = `${web.url}/sign-in?token=${first.link}`
  const api = { gitUrl: `${web.url}/git/main`, apiUrl: `${web.url}/api/v1`, apiToken: first.token }
  if (args.readyFile !== null) await writeReadyFile(args.readyFile, { url: web.url, signInUrl, ...api })
  const link = args.link ? ` Sign in (good for an hour, once): ${signInUrl}` : ''
  console.log(`\nDagbok answers at ${web.url}.${link}`)
  if (args.open && process.stdout.isTTY) openBrowser(signInUrl)
  if (folder.shared !== null) await sweepRuntimeFolders(folder.shared)
  if (args.examples) await seedExamples({ root, folder: folder.path, api, log: (line) => console.log(line) })
}

function stopWith(error: unknown): void {
  // What fails because everything is being ended is no news.
  if (end === null) console.error(error instanceof DagbokError ? `dagbok: ${error.message}` : error)
  void endAll(1)
}

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(signal, () => {
    if (end === null)
      console.log(
        '\nStopping. Tasks that run here are ended; the next start begins them again, as new attempts.',
      )
    void endAll(0)
  })
// A terminal that is gone takes no more lines; that is no reason to end without ending the others.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})

try {
  const args = parseStartArguments(process.argv.slice(2))
  if (args.help) console.log(usage)
  else await run(args)
} catch (error) {
  stopWith(error)
}
