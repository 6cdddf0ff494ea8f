/** The folder of one attempt: its checkout, HOME, TMPDIR, inputs, outputs; and the environment that names them (N1). */
import { execFile } from 'node:child_process'
import { constants, createWriteStream } from 'node:fs'
import {
  chmod,
  lstat,
  mkdir,
  open,
  readdir,
  readFile,
  readlink,
  realpath,
  rm,
  writeFile,
  type FileHandle,
} from 'node:fs/promises'
import { basename, dirname, join, sep } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { promisify } from 'node:util'
import type { AttemptStore } from '#server/storage/artifact-store.ts'
import { variable } from '#server/domain/expression/render.ts'
import { mediaType } from '#server/domain/result/media-type.ts'
import type { AttemptEnd, AttemptJob, InputValue } from '../executor.ts'
import type { Checkouts } from './checkouts.ts'
import { handOver, type Host } from './host.ts'

export interface AttemptFolder {
  path: string
  /** The working directory (N2). */
  cwd: string
  env: Record<string, string>
}

/** Removes a folder, also one whose owner took away the right to; one that cannot be removed is left lying. */
export async function removeFolder(path: string): Promise<void> {
  const remove = () => rm(path, { recursive: true, force: true })
  await remove()
    .catch(() => promisify(execFile)('chmod', ['-R', 'u+rwX', path]).then(remove))
    .catch(() => {})
}

/** Removes all that lies in a folder. */
export async function removeAll(folder: string): Promise<void> {
  for (const name of await readdir(folder)) await removeFolder(join(folder, name))
}

/** Puts an input where the task finds it. @returns its path */
export async function writeInput(
  folder: string,
  name: string,
  input: InputValue,
  job: { checkout: string; artifacts: AttemptStore },
): Promise<string> {
  const own = join(folder, 'in', name)
  const fetch = async (hash: string, target: string) => {
    await mkdir(dirname(target), { recursive: true })
    await pipeline(await job.artifacts.read(hash), createWriteStream(target))
    return target
  }
  if (input.kind === 'repository_file') return join(job.checkout, input.path)
  if (input.kind === 'file') return fetch(input.hash, join(own, basename(input.path)))
  if (input.kind === 'missing') return join(own, 'missing')
  if (input.kind === 'json') {
    await mkdir(own, { recursive: true })
    const path = join(own, `${name}.json`)
    await writeFile(path, JSON.stringify(input.value))
    return path
  }
  const index: { key: string; path: string }[] = []
  await mkdir(own, { recursive: true })
  for (const [i, item] of input.items.entries()) {
    const path = `${String(i).padStart(4, '0')}/${basename(item.path)}`
    await fetch(item.hash, join(own, path))
    index.push({ key: item.key, path })
  }
  await writeFile(join(own, 'index.json'), JSON.stringify(index))
  return own
}

/** Where an attempt's folder is. */
export const folderOf = (host: Host, attemptId: string): string => join(host.runtime, 'attempts', attemptId)

export async function makeAttemptFolder(
  host: Host,
  checkouts: Checkouts,
  artifacts: AttemptStore,
  job: AttemptJob,
  inherited: Readonly<Record<string, string>>,
): Promise<AttemptFolder> {
  const path = folderOf(host, job.attemptId)
  await removeFolder(path)
  await mkdir(path, { mode: 0o700 })
  const at = (name: string) => join(path, name)
  const checkout = at('checkout')
  await Promise.all([
    ...['home', 'tmp', 'out', 'in'].map((name) => mkdir(at(name))),
    ...['values', 'metrics'].map((name) => writeFile(at(name), '')),
    checkouts.copy(job.versionId, checkout, job.token),
  ])
  const cwd = join(checkout, job.folder)
  await mkdir(cwd, { recursive: true })
  for (const { path: file } of Object.values(job.outputs))
    await mkdir(dirname(join(at('out'), file)), { recursive: true })
  const inputs: Record<string, string> = {}
  for (const [name, input] of Object.entries(job.inputs))
    inputs[variable('IN', name)] = await writeInput(path, name, input, { checkout, artifacts })
  const env = {
    LANG: 'C.UTF-8',
    ...inherited,
    ...job.env,
    ...job.secrets,
    ...inputs,
    PATH: host.path,
    HOME: at('home'),
    TMPDIR: at('tmp'),
    DAGBOK_OUT: at('out'),
    DAGBOK_VALUES: at('values'),
    DAGBOK_METRICS: at('metrics'),
    DAGBOK_ATTEMPT_ID: job.attemptId,
  }
  return { path, cwd, env }
}

/** Writes the inline script, and gives everything to the tasks' user. Last step before the process. */
export async function closeAttemptFolder(
  host: Pick<Host, 'uid'>,
  folder: AttemptFolder,
  file: { path: string; text: string } | null,
): Promise<void> {
  if (file !== null) {
    const target = join(folder.path, 'checkout', file.path)
    // The version may have a link in its place, and this is not yet the tasks' user.
    await rm(target, { force: true })
    await writeFile(target, file.text, { flag: 'wx', mode: 0o755 })
    await chmod(target, 0o755)
  }
  await handOver(host, folder.path)
}

/** Bytes of `DAGBOK_VALUES` and `DAGBOK_METRICS` that are read at most. */
const longest = 64 * 2 ** 20

/**
 * Opened so that a link left in its place leads nowhere: what tasks leave is read by a process that may read more. A pipe
 * must not make anyone wait for a writer.
 */
async function openInside(root: string, path: string) {
  const info = await lstat(path).catch(() => null)
  if (info === null) return null
  const real = await realpath(path).catch(() => null)
  if (real === null || !real.startsWith(`${root}${sep}`)) return null
  const file = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  const opened = await readlink(`/proc/self/fd/${file.fd}`).catch(() => real)
  const stat = await file.stat()
  if (opened.startsWith(`${root}${sep}`) && stat.isFile()) return { file, size: stat.size }
  await file.close()
  return null
}

/** @throws Error with a sentence when it is too long */
export async function readReport(
  folder: Pick<AttemptFolder, 'path'>,
  name: 'values' | 'metrics',
): Promise<string> {
  const info = await lstat(join(folder.path, name)).catch(() => null)
  if (info === null || !info.isFile()) return ''
  if (info.size > longest)
    throw new Error(`DAGBOK_${name.toUpperCase()} has ${info.size} bytes, more than ${longest}`)
  return readFile(join(folder.path, name), 'utf8')
}

export interface CollectedOutputs {
  outputs: AttemptEnd['outputs']
  /** Declared, not optional, and not left. */
  missing: string[]
}

/** Bytes that are read at once. */
const readBytes = 2 ** 18

/** From its begin; the file stays open, also where nobody reads to the end. */
async function* bytesOf(file: FileHandle): AsyncGenerator<Uint8Array> {
  for (let at = 0; ;) {
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(readBytes), 0, readBytes, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}

/** Puts every declared output into the store. @throws DagbokError `unavailable` when the store does not take it */
export async function collectOutputs(
  folder: Pick<AttemptFolder, 'path'>,
  artifacts: AttemptStore,
  job: Pick<AttemptJob, 'outputs'>,
): Promise<CollectedOutputs> {
  const root = await realpath(join(folder.path, 'out'))
  const outputs: AttemptEnd['outputs'] = []
  const missing: string[] = []
  for (const [name, { path, optional }] of Object.entries(job.outputs)) {
    const found = await openInside(root, join(root, path))
    if (found === null) {
      if (!optional) missing.push(`${name} (${path})`)
      continue
    }
    try {
      const head = new Uint8Array(512)
      const { bytesRead } = await found.file.read(head, 0, 512, 0)
      const open = () => Readable.from(bytesOf(found.file), { objectMode: false })
      const blob = await (artifacts.putFile?.(open) ?? artifacts.put(open()))
      outputs.push({ name, path, ...blob, mediaType: mediaType(path, head.subarray(0, bytesRead)) })
    } finally {
      await found.file.close()
    }
  }
  return { outputs, missing }
}
