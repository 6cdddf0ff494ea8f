/** The files of a version, or of a program, written below a folder as a repository has them. */
import { chmod, mkdir, symlink, unlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { linksOut } from '#server/domain/version/links.ts'
import type { BundleFile } from '#server/services/version/bundle-files.ts'
import type { WriteFile } from './shared-files.ts'

/** How many files, and how many bytes of them, are written at the same time; a larger file is alone. */
const atOnce = { files: 16, bytes: 8 * 2 ** 20 }

/** The later of two names that are one to this disk takes its place: never are the bytes of the first written over. */
async function writeInPlace(target: string, { mode, bytes }: BundleFile, write: WriteFile): Promise<void> {
  try {
    await write(target, mode, bytes)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    await unlink(target)
    await write(target, mode, bytes)
  }
}

export const writeNew: WriteFile = async (target, mode, bytes) => {
  await writeFile(target, bytes, { flag: 'wx' })
  if (mode === '100755') await chmod(target, 0o755)
}

/** Is over when all have been tried: whoever cleans up after one that failed meets none that still comes. */
async function placeFiles(folder: string, files: readonly BundleFile[], write: WriteFile): Promise<void> {
  const ends = await Promise.allSettled(
    files.map((file) => writeInPlace(join(folder, file.path), file, write)),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

/** A disk may take names for one that only their case tells apart: they are written one after the other. */
const hasRoomFor = (batch: readonly BundleFile[], { path, bytes }: BundleFile): boolean =>
  batch.length < atOnce.files &&
  batch.reduce((sum, one) => sum + one.bytes.length, bytes.length) <= atOnce.bytes &&
  batch.every((one) => one.path.toLowerCase() !== path.toLowerCase())

/** Writes files as they come, each folder before what is in it. Gives the links among them, not made yet: path → target. */
async function place(
  folder: string,
  files: AsyncIterable<BundleFile>,
  write: WriteFile,
): Promise<Map<string, string>> {
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
      await placeFiles(folder, batch, write)
      batch = []
    }
    batch.push(file)
  }
  await placeFiles(folder, batch, write)
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

/**
 * Lays files out below `folder`. Links are made last, all folders before them: on a disk that takes `a` and `A` for one
 * nothing is written through a link.
 * @throws DagbokError `bad_input` when a link leads out of the repository
 */
export async function layOut(
  folder: string,
  files: AsyncIterable<BundleFile>,
  write: WriteFile = writeNew,
): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 })
  const links = await place(folder, files, write)
  // A push is asked the same; this may be a version that was taken before.
  const [out] = linksOut(links)
  if (out !== undefined) throw new DagbokError('bad_input', `${out} is a link out of the repository.`)
  await placeLinks(folder, links)
}
