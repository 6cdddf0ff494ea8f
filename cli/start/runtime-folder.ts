/**
 * As root, what other user ids must touch lies in `/var/lib/dagbok/HASH`, away from the data folder it belongs to. Each
 * says whose it is, so that those of deleted data folders can go.
 */
import { lstat, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { startOf } from './process-start.ts'

interface Belonging {
  /** The data folder, and the id that lies in it. */
  path: string
  id: string
  /** Device of the data folder, and where its file system is mounted. */
  device: number
  mount: string
  /** The product that started last on it. */
  pid: number
  start: string | null
}

const file = (folder: string) => join(folder, 'belongs-to.json')

/** Mount points, the longest first; none where the machine does not say. */
async function mountPoints(): Promise<string[]> {
  const text = await readFile('/proc/self/mountinfo', 'utf8').catch(() => '')
  const points = text.split('\n').flatMap((line) => line.split(' ')[4] ?? [])
  return points.toSorted((a, b) => b.length - a.length)
}

const isBelow = (path: string, mount: string) =>
  path === mount || path.startsWith(mount.endsWith('/') ? mount : `${mount}/`)

/** Writes down whose folder it is. */
export async function claimRuntimeFolder(folder: string, data: { path: string; id: string }): Promise<void> {
  const mount = (await mountPoints()).find((point) => isBelow(data.path, point)) ?? '/'
  const { dev } = await stat(data.path)
  const start = await startOf(process.pid)
  const belonging: Belonging = { ...data, device: dev, mount, pid: process.pid, start }
  await writeFile(file(folder), JSON.stringify(belonging), { mode: 0o600 })
}

async function nearest(path: string): Promise<string> {
  const there = await lstat(path).catch(() => null)
  return there !== null || path === '/' ? path : nearest(dirname(path))
}

const postgresLives = async (folder: string): Promise<boolean> => {
  const cluster = join(folder, 'postgres/cluster')
  const text = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '')
  const pid = Number(text.split('\n')[0])
  const command = pid > 1 ? await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '') : ''
  return command.includes(cluster)
}

/**
 * Whether its data folder was deleted: the file system that it was on is mounted where it was, and the folder, or its
 * id, is not there any more. A file system that is not mounted, or has another device number since, proves nothing.
 */
async function isDeserted(folder: string): Promise<boolean> {
  const text = await readFile(file(folder), 'utf8').catch(() => null)
  if (text === null) return false
  const { path, id, device, mount, pid, start } = JSON.parse(text) as Belonging
  if (start !== null && (await startOf(pid)) === start) return false
  if (await postgresLives(folder)) return false
  if (!(await mountPoints()).includes(mount)) return false
  const ancestor = await nearest(path)
  if (!isBelow(ancestor, mount) || (await stat(ancestor)).dev !== device) return false
  if (ancestor !== path) return true
  const known = await readFile(join(path, 'folder-id'), 'utf8').catch((error: NodeJS.ErrnoException) =>
    error.code === 'ENOENT' ? '' : null,
  )
  return known !== null && known !== id
}

/** Removes the folders in `shared` whose data folder was deleted. @returns their paths; one that resists stays */
export async function sweepRuntimeFolders(shared: string): Promise<string[]> {
  const swept: string[] = []
  for (const name of await readdir(shared)) {
    const folder = join(shared, name)
    if (!/^[0-9a-f]{16}$/.test(name) || !(await isDeserted(folder).catch(() => false))) continue
    await rm(folder, { recursive: true, force: true }).then(
      () => swept.push(folder),
      () => {},
    )
  }
  return swept
}
