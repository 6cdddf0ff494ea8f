/**
 * The embedded Postgres: a real one, reachable by a socket in a private folder with a password, never by TCP. Started
 * as root it runs under a user id of its own. A postmaster that an earlier life left behind is ended first.
 */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chmod, chown, lchown, mkdir, open, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { identifier, openSql } from '../sql.ts'
import { postgresBinaries } from './binaries.ts'

/** The user id Postgres has when the product is started as root, which Postgres itself refuses to run as. */
export const postgresUserId = 64_100

export interface EmbeddedPostgres {
  /** `postgres://…` of the database `name`, which need not exist yet. */
  url: (name: string) => string
  pid: number
  /** Resolves when the server is gone, asked for or not. */
  exited: Promise<void>
  /** Ends it (fast shutdown): every acknowledged commit is on disk. */
  stop: () => Promise<void>
}

export interface EmbeddedOptions {
  /** Folder of the cluster, its password and its log; made if it is not there. */
  folder: string
  /** As root: the folder in which the binaries are copied; null otherwise. */
  sharedBinaries: string | null
  /** Ends a start that is under way. */
  signal?: AbortSignal
}

const isRoot = () => process.getuid?.() === 0
const owner = () => (isRoot() ? { uid: postgresUserId, gid: postgresUserId } : {})

const environment = (lib: string): NodeJS.ProcessEnv => ({
  NODE_ENV: 'production',
  LC_ALL: 'C',
  TZ: 'UTC',
  LD_LIBRARY_PATH: lib,
  DYLD_LIBRARY_PATH: lib,
})

async function makePrivate(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  if (isRoot()) await chown(folder, postgresUserId, postgresUserId)
  await chmod(folder, 0o700)
}

/** A socket path may have 107 bytes; where the folder's own is longer, one below the temp folder serves. */
async function socketFolder(folder: string): Promise<string> {
  const inside = join(folder, 'socket')
  const name = createHash('sha256').update(folder).digest('hex').slice(0, 16)
  const chosen =
    Buffer.byteLength(join(inside, '.s.PGSQL.5432')) <= 107 ? inside : join(tmpdir(), `dagbok-${name}`)
  await makePrivate(chosen)
  return chosen
}

async function passwordOf(folder: string): Promise<string> {
  const file = join(folder, 'password')
  const known = await readFile(file, 'utf8').catch(() => null)
  if (known !== null) return known
  const password = randomBytes(24).toString('base64url')
  await writeFile(file, password, { mode: 0o600 })
  if (isRoot()) await chown(file, postgresUserId, postgresUserId)
  return password
}

/** initdb wants a user id that has a name; the server itself does not. As root it runs as `nobody`, then all is handed over. */
async function named(): Promise<number> {
  const line = (await readFile('/etc/passwd', 'utf8'))
    .split('\n')
    .find((entry) => entry.startsWith('nobody:'))
  const uid = Number(line?.split(':')[2])
  if (!(uid > 0))
    throw new DagbokError(
      'unsupported',
      'Started as root, the embedded Postgres needs the user `nobody`. Start Dagbok as another user, or set DATABASE_URL.',
    )
  return uid
}

async function chownAll(path: string, uid: number): Promise<void> {
  await chown(path, uid, uid)
  for (const entry of await readdir(path, { recursive: true })) await lchown(join(path, entry), uid, uid)
}

async function initialise(binaries: string, folder: string, cluster: string): Promise<void> {
  if ((await readFile(join(cluster, 'PG_VERSION')).catch(() => null)) !== null) return
  // A first start that was cut off leaves half a cluster: nothing of it was ever used.
  await rm(cluster, { recursive: true, force: true })
  const aside = `${cluster}.new`
  await rm(aside, { recursive: true, force: true })
  const initOwner = isRoot() ? await named() : null
  if (initOwner !== null) await chownAll(folder, initOwner)
  const args = [
    '-D',
    aside,
    '-U',
    'dagbok',
    `--pwfile=${join(folder, 'password')}`,
    '--auth=scram-sha-256',
    '-E',
    'UTF8',
    '--locale=C',
    '--no-sync',
  ]
  const child = spawn(join(binaries, 'bin/initdb'), args, {
    cwd: folder,
    env: environment(join(binaries, 'lib')),
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(initOwner === null ? {} : { uid: initOwner, gid: initOwner }),
  })
  let said = ''
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  if (isRoot()) await chownAll(folder, postgresUserId)
  if (said.includes('could not look up effective user ID'))
    throw new DagbokError(
      'unsupported',
      'The embedded Postgres needs a user id that has an account (a line in /etc/passwd). Start Dagbok as such a user, or set DATABASE_URL.',
    )
  if (code !== 0)
    throw new DagbokError('unavailable', `initdb ended with ${code}: ${said.trim().split('\n').at(-1) ?? ''}`)
  await rename(aside, cluster)
}

/** The pid of a postmaster that holds this cluster, or null. A number that another program has now does not count. */
async function holder(cluster: string): Promise<number | null> {
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => null)
  const pid = Number(text?.split('\n')[0])
  if (!Number.isInteger(pid) || pid <= 1) return null
  const command = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return command.includes(cluster) ? pid : null
}

const alive = (pid: number): boolean => {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

async function endHolder(cluster: string): Promise<void> {
  const pid = await holder(cluster)
  if (pid !== null) {
    process.kill(pid, 'SIGINT')
    for (const until = Date.now() + 5000; alive(pid) && Date.now() < until;)
      await new Promise((done) => setTimeout(done, 20))
    if (alive(pid)) process.kill(pid, 'SIGKILL')
    while (alive(pid) && (await holder(cluster)) !== null) await new Promise((done) => setTimeout(done, 20))
  }
  await rm(join(cluster, 'postmaster.pid'), { force: true })
}

async function untilAnswers(url: string, gone: () => boolean, log: string): Promise<void> {
  for (const until = Date.now() + 60_000; ;) {
    const client = openSql(url, { max: 1, applicationName: 'dagbok start' })
    try {
      await client`select 1`
      return
    } catch (cause) {
      if (gone() || Date.now() > until)
        throw new DagbokError('unavailable', `Postgres did not start; its log is ${log}`, { cause })
      await new Promise((done) => setTimeout(done, 15))
    } finally {
      await client.end(1000)
    }
  }
}

/** Starts it, on a new or a used cluster; one that does not answer is ended. @throws DagbokError `unavailable`, `unsupported` */
export async function startEmbeddedPostgres(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { folder } = options
  const binaries = await postgresBinaries(options.sharedBinaries)
  const cluster = join(folder, 'cluster')
  await makePrivate(folder)
  const socket = await socketFolder(folder)
  const password = await passwordOf(folder)
  await endHolder(cluster)
  await initialise(binaries, folder, cluster)
  options.signal?.throwIfAborted()
  const log = join(folder, 'postgres.log')
  const file = await open(log, 'a', 0o600)
  const settings = [
    'listen_addresses=',
    `unix_socket_directories=${socket}`,
    'unix_socket_permissions=0700',
    'max_connections=80',
    'shared_buffers=64MB',
    'max_wal_size=512MB',
    'timezone=UTC',
    'log_timezone=UTC',
  ]
  const child = spawn(
    join(binaries, 'bin/postgres'),
    ['-D', cluster, ...settings.flatMap((setting) => ['-c', setting])],
    {
      cwd: folder,
      env: environment(join(binaries, 'lib')),
      stdio: ['ignore', file.fd, file.fd],
      detached: true,
      ...owner(),
    },
  )
  await file.close()
  let gone = false
  const exited = once(child, 'exit').then(() => void (gone = true))
  const url = (name: string) =>
    `postgres://dagbok:${password}@localhost:5432/${name}?host=${encodeURIComponent(socket)}`
  const stop = async () => {
    if (!gone) child.kill('SIGINT')
    await exited
  }
  await untilAnswers(url('postgres'), () => gone || options.signal?.aborted === true, log).catch(
    async (error: unknown) => {
      await stop()
      throw error
    },
  )
  return { url, pid: child.pid ?? 0, exited, stop }
}

/** Makes the database `name` unless it is there. */
export async function ensureDatabase(server: Pick<EmbeddedPostgres, 'url'>, name: string): Promise<void> {
  const client = openSql(server.url('postgres'), { max: 1 })
  try {
    const [row] = await client`select 1 from pg_database where datname = ${name}`
    if (row === undefined) await client.run(`create database ${identifier(name)}`)
  } finally {
    await client.end()
  }
}
