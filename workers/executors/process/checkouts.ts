/** Versions as folders: laid out once from the bundle, copied for each attempt, so that attempts never share a file. */
import { randomUUID } from 'node:crypto'
import { constants, renameSync, type Dirent } from 'node:fs'
import {
  chmod,
  copyFile,
  mkdir,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { linksOut } from '#server/domain/version/links.ts'
import type { BundleFile } from '#server/services/version/bundle-files.ts'

/** Reads a version's files for the attempt of this token. */
export type ReadBundle = (versionId: string, token: string) => AsyncIterable<BundleFile>

/** How many files, and how many bytes of them, are written at the same time; a larger file is alone. */
const atOnce = { files: 16, bytes: 8 * 2 ** 20 }

/** Is over when all have been tried: whoever cleans up after one that failed meets none that still comes. */
async function placeFiles(folder: string, files: readonly BundleFile[]): Promise<void> {
  const ends = await Promise.allSettled(
    files.map(async ({ path, mode, bytes }) => {
      const target = join(folder, path)
      await writeFile(target, bytes)
      if (mode === '100755') await chmod(target, 0o755)
    }),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** A disk may take names for one that only their case tells apart. */
const hasRoomFor = (batch: readonly BundleFile[], { path, bytes }: BundleFile): boolean =>
  batch.length < atOnce.files &&
  batch.reduce((sum, one) => sum + one.bytes.length, bytes.length) <= atOnce.bytes &&
  batch.every((one) => one.path.toLowerCase() !== path.toLowerCase())

/** Writes files as they come, each folder before what is in it. Gives the links among them, not made yet: path → target. */
async function place(folder: string, files: AsyncIterable<BundleFile>): Promise<Map<string, string>> {
  const links = new Map<string, string>()
  const folders = new Set<string>()
  let batch: BundleFile[] = []
  for await (const file of files) {
    if (file.mode === '120000') {
      links.set(file.path, Buffer.from(file.bytes).toString())
      continue
    }
    const parent = dirname(join(folder, file.path))
    if (!folders.has(parent)) await mkdir(parent, { recursive: true })
    folders.add(parent)
    if (!hasRoomFor(batch, file)) {
      await placeFiles(folder, batch)
      batch = []
    }
    batch.push(file)
  }
  await placeFiles(folder, batch)
  return links
}

/** Where names differ by more than their case it never throws. @throws DagbokError `bad_input` */
async function placeLinks(folder: string, links: ReadonlyMap<string, string>): Promise<void> {
  for (const path of links.keys()) await mkdir(dirname(join(folder, path)), { recursive: true })
  for (const [path, target] of links)
    await symlink(target, join(folder, path)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error
      throw new DagbokError('bad_input', `${path} is a link whose name only its case tells from another's.`)
    })
}

async function copyFolder(from: string, to: string): Promise<void> {
  await mkdir(to)
  const copy = async (entry: Dirent): Promise<void> => {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) await copyFolder(source, target)
    else if (entry.isSymbolicLink()) await symlink(await readlink(source), target)
    else await copyFile(source, target, constants.COPYFILE_FICLONE)
  }
  await Promise.all((await readdir(from, { withFileTypes: true })).map(copy))
}

/**
 * Lays files out below `folder`. Links are made last, all folders before them: on a disk that takes `a` and `A` for one
 * nothing is written through a link.
 * @throws DagbokError `bad_input` when a link leads out of the repository
 */
export async function layOut(folder: string, files: AsyncIterable<BundleFile>): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const links = await place(folder, files)
  // A push is asked the same; this may be a version that was taken before.
  const [out] = linksOut(links)
  if (out !== undefined) throw new DagbokError('bad_input', `${out} is a link out of the repository.`)
  await placeLinks(folder, links)
}

interface Warm {
  laid: Promise<string>
  /** Copies that are being made of it. */
  users: number
}

export class Checkouts {
  readonly #folder: string
  readonly #read: ReadBundle
  readonly #keep: number
  /** By version, the one used last at the end. */
  readonly #warm = new Map<string, Warm>()
  #adopted: Promise<void> | null = null

  /** @param keep how many versions stay laid out; attempts have copies, and need none of them */
  constructor(folder: string, read: ReadBundle, keep = 32) {
    this.#folder = folder
    this.#read = read
    this.#keep = keep
  }

  /** A private copy of the version at `target`, which must not be there yet. */
  async copy(versionId: string, target: string, token = ''): Promise<void> {
    await (this.#adopted ??= this.#adopt())
    const warm = this.#warm.get(versionId) ?? { laid: this.#lay(versionId, token), users: 0 }
    this.#warm.delete(versionId)
    this.#warm.set(versionId, warm)
    warm.users++
    try {
      await copyFolder(await warm.laid, target)
    } catch (error) {
      const failed = await warm.laid.then(() => false).catch(() => true)
      if (failed && this.#warm.get(versionId) === warm) this.#warm.delete(versionId)
      throw error
    } finally {
      warm.users--
      await this.#bound()
    }
  }

  /** What an earlier life laid out, the oldest first; what it left half done goes. */
  async #adopt(): Promise<void> {
    const found: { name: string; at: number }[] = []
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name)
      if (name.includes('.')) await rm(path, { recursive: true, force: true })
      else found.push({ name, at: (await stat(path)).mtimeMs })
    }
    for (const { name } of found.toSorted((a, b) => a.at - b.at))
      this.#warm.set(name, { laid: Promise.resolve(join(this.#folder, name)), users: 0 })
  }

  async #bound(): Promise<void> {
    for (const [versionId, { users }] of this.#warm) {
      if (this.#warm.size <= this.#keep) return
      if (users > 0) continue
      // Forgotten and out of its place at once: whoever wants it from now on lays it out anew.
      this.#warm.delete(versionId)
      const aside = join(this.#folder, `${versionId}.gone-${randomUUID()}`)
      renameSync(join(this.#folder, versionId), aside)
      await rm(aside, { recursive: true, force: true })
    }
  }

  async #lay(versionId: string, token: string): Promise<string> {
    const folder = join(this.#folder, versionId)
    const aside = `${folder}.${process.pid}`
    await rm(aside, { recursive: true, force: true })
    try {
      await layOut(aside, this.#read(versionId, token))
      await rename(aside, folder)
      return folder
    } catch (error) {
      // Half of it is of no use, and may have taken the last of the disk.
      await rm(aside, { recursive: true, force: true }).catch(() => {})
      throw error
    }
  }
}
