/** The data folder: where everything that must outlive a stop is kept, and the lock that one product at a time holds. */
import { createHash, randomBytes, randomUUID } from 'node:crypto'
import {
  access,
  chmod,
  constants,
  link,
  mkdir,
  readFile,
  realpath,
  rename,
  rm,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { startOf } from './process-start.ts'
import { claimRuntimeFolder } from './runtime-folder.ts'

export interface DataFolder {
  path: string
  /** What another user id must be able to touch: the data folder itself, or as root `/var/lib/dagbok/HASH`. */
  runtime: string
  /** As root: where binaries are copied for other user ids; null otherwise. */
  shared: string | null
}

const sharedFolder = '/var/lib/dagbok'

const refusals: Record<string, string> = {
  EACCES: 'you may not write there',
  EROFS: 'it can only be read',
  EEXIST: 'it is not a folder',
  ENOTDIR: 'it is not a folder',
  ENOSPC: 'the disk is full',
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true, mode: 0o700 })
    await access(path, constants.W_OK | constants.X_OK)
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    throw new DagbokError(
      'bad_input',
      `${path} cannot be the data folder: ${refusals[code] ?? message}. Give another one with --data-dir.`,
    )
  }
}

/**
 * Makes the folder; a folder that is there keeps its mode, its product subfolders are 0700.
 * @throws DagbokError `bad_input` when it cannot be made or written to
 */
export async function openDataFolder(path: string): Promise<DataFolder> {
  await makeFolder(path)
  const real = await realpath(path)
  if (process.getuid?.() !== 0) return { path: real, runtime: real, shared: null }
  // By an id that lies in the folder: one that was deleted and made again has nothing of its earlier life.
  const id = await keptText(join(real, 'folder-id'), randomUUID)
  const name = createHash('sha256').update(`${real} ${id}`).digest('hex').slice(0, 16)
  const runtime = join(sharedFolder, name)
  await mkdir(runtime, { recursive: true, mode: 0o711 })
  await chmod(sharedFolder, 0o711)
  await chmod(runtime, 0o711)
  await claimRuntimeFolder(runtime, { path: real, id })
  return { path: real, runtime, shared: sharedFolder }
}

interface Holder {
  pid: number
  start: string | null
  url: string | null
}

export interface Lock {
  /** Writes the address down, for whoever is refused. */
  tell: (url: string) => Promise<void>
  release: () => Promise<void>
}

/**
 * Takes the lock of a data folder; one left by a product that was killed is taken over.
 * @throws DagbokError `conflict` that says who holds it, and at which address
 */
export async function lockDataFolder(path: string): Promise<Lock> {
  const file = join(path, 'lock.json')
  const mine: Holder = { pid: process.pid, start: await startOf(process.pid), url: null }
  const aside = join(path, `lock.${process.pid}`)
  await writeFile(aside, JSON.stringify(mine), { mode: 0o600 })
  for (;;) {
    // A link appears whole or not at all: nobody ever reads half a lock.
    const taken = await link(aside, file).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === 'EEXIST') return false
        throw error
      },
    )
    if (taken) break
    const text = await readFile(file, 'utf8').catch(() => '')
    const holder = text === '' ? null : (JSON.parse(text) as Holder)
    if (holder !== null && holder.start !== null && (await startOf(holder.pid)) === holder.start) {
      await rm(aside, { force: true })
      const where = holder.url === null ? 'is starting' : `answers at ${holder.url}`
      throw new DagbokError(
        'conflict',
        `${path} is held by process ${holder.pid}, which ${where}. Stop that one, or give another folder with --data-dir.`,
      )
    }
    await rm(file, { force: true })
  }
  await rm(aside, { force: true })
  return {
    tell: (url) => writeFile(file, JSON.stringify({ ...mine, url }), { mode: 0o600 }),
    release: () => rm(file, { force: true }),
  }
}

/** A text that is made once and then kept, readable by the product's user only. @throws DagbokError where it is there and cannot be read */
async function keptText(file: string, make: () => string): Promise<string> {
  try {
    const known = await readFile(file, 'utf8')
    if (known !== '') return known
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException
    // Another one in its place could not open what this one has closed.
    if (code !== 'ENOENT')
      throw new DagbokError('unavailable', `${file} cannot be read: ${refusals[code] ?? message}.`)
  }
  const made = make()
  const aside = `${file}.${process.pid}`
  await writeFile(aside, made, { mode: 0o600, flush: true })
  await rename(aside, file)
  return made
}

const newSecret = () => randomBytes(32).toString('base64url')
/** The key that signs sessions. */
export const sessionSecret = (path: string): Promise<string> =>
  keptText(join(path, 'session-secret'), newSecret)
/** Without it secrets of teams cannot be read any more. */
export const secretsKey = (path: string): Promise<string> => keptText(join(path, 'secrets-key'), newSecret)
