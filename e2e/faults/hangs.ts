/** Real things that accept what they are asked, and never answer. */
import { execFile } from 'node:child_process'
import { constants } from 'node:fs'
import { chmod, link, mkdir, mkdtemp, open, readdir, rename, rm } from 'node:fs/promises'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { keepPostgres } from '#cli/start/postgres.ts'
import { ensureDatabase } from '#db/embedded/postgres.ts'
import type { Closers } from './closers.ts'
import { wireTo } from './fleet-site.ts'

/** A Postgres with the database `dagbok`, behind a wire that can be cut. */
export async function wiredPostgres(closers: Closers) {
  const shared = process.getuid?.() === 0 ? '/var/lib/dagbok' : null
  if (shared !== null) await mkdir(shared, { recursive: true, mode: 0o711 })
  const folder = await mkdtemp(join(shared ?? tmpdir(), 'hanging-'))
  closers.add(() => rm(folder, { recursive: true, force: true }))
  await chmod(folder, 0o711)
  const given = { folder: join(folder, 'postgres'), sharedBinaries: shared }
  const postgres = await keepPostgres(given, (error) => console.error(error))
  closers.add(postgres.stop)
  await ensureDatabase(postgres, 'dagbok')
  return wireTo(postgres.url('dagbok'), closers)
}

/** A collector that takes what is sent, and never answers. @param messages is given the ms that each connection is open. @returns its port */
export async function silentCollector(closers: Closers, messages: number[]): Promise<number> {
  const server = createServer((socket) => {
    const since = performance.now()
    socket.on('error', () => {})
    socket.resume()
    socket.once('close', () => messages.push(performance.now() - since))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  closers.add(() => server.close())
  return (server.address() as AddressInfo).port
}

/**
 * While a file of git's own is one that nobody who opens it comes back from: a FIFO that nobody writes to.
 * @param parent folder of the one repository
 */
export async function whileGitHangs<T>(parent: string, work: () => Promise<T>): Promise<T> {
  const [name = ''] = await readdir(parent)
  const config = join(parent, name, 'config')
  await rename(config, `${config}.aside`)
  await promisify(execFile)('mkfifo', [config])
  try {
    return await work()
  } finally {
    // From here on nobody begins to wait; whoever still does gets an empty one, and goes on.
    await link(config, `${config}.hanging`)
    await rename(`${config}.aside`, config)
    await (await open(`${config}.hanging`, constants.O_RDWR | constants.O_NONBLOCK)).close()
    await rm(`${config}.hanging`)
  }
}
