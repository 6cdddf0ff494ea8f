/** The files of a version, or of a program, written below a folder as a repository has them. */
import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { linksOut } from '#server/domain/version/links.ts'
import type { BundleFile } from '#server/services/version/bundle-files.ts'
import type { WriteFile } from './shared-files.ts'

/** How many files, and how many bytes of them, are written at the same time; a larger file is alone. */
const atOnce = { files: 16, bytes: 8 * 2 ** 20 }

/** Two names that are one to this disk. */
const sameName = (path: string, kind: 'file' | 'link', error: unknown): unknown =>
  (error as NodeJS.ErrnoException).code === 'EEXIST'
    ? new DagbokError('bad_input', `${path} is a ${kind} whose name only its case tells from another's.`)
    : error

export const writeNew: WriteFile = async (target, mode, bytes) => {
  await writeFile(target, bytes, { flag: 'wx' })
  if (mode === '100755') await chmod(target, 0o755)
}

/** Is over when all have been tried: whoever cleans up after one that failed meets none that still comes. */
async function placeFiles(folder: string, files: readonly BundleFile[], write: WriteFile): Promise<void> {
  const ends = await Promise.allSettled(
    files.map(({ path, mode, bytes }) =>
      write(join(folder, path), mode, bytes).catch((error: unknown) => {
        throw sameName(path, 'file', error)
      }),
    ),
  )
  for (const end of ends) if (end.status === 'rejected') throw end.reason
}

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
    await symlink(target, join(folder, path)).catch((error: unknown) => {
      throw sameName(path, 'link', error)
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
