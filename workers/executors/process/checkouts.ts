/** Versions as folders: laid out once from the bundle, copied for each attempt, so that attempts never share a file. */
import { constants, type Dirent } from 'node:fs'
import { chmod, copyFile, mkdir, readdir, rename, rm, symlink, writeFile, readlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { BundleFile } from '#server/services/version/bundle-files.ts'

export type ReadBundle = (versionId: string) => AsyncIterable<BundleFile>

async function place(folder: string, { path, mode, bytes }: BundleFile): Promise<void> {
  const target = join(folder, path)
  await mkdir(dirname(target), { recursive: true })
  if (mode === '120000') await symlink(Buffer.from(bytes).toString(), target)
  else {
    await writeFile(target, bytes)
    if (mode === '100755') await chmod(target, 0o755)
  }
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

export class Checkouts {
  readonly #folder: string
  readonly #read: ReadBundle
  readonly #laid = new Map<string, Promise<string>>()

  constructor(folder: string, read: ReadBundle) {
    this.#folder = folder
    this.#read = read
  }

  /** A private copy of the version at `target`, which must not be there yet. */
  async copy(versionId: string, target: string): Promise<void> {
    let laid = this.#laid.get(versionId)
    if (laid === undefined) {
      laid = this.#lay(versionId)
      this.#laid.set(versionId, laid)
      laid.catch(() => this.#laid.delete(versionId))
    }
    await copyFolder(await laid, target)
  }

  async #lay(versionId: string): Promise<string> {
    const folder = join(this.#folder, versionId)
    const there = await readdir(folder).then(
      () => true,
      () => false,
    )
    if (there) return folder
    const aside = `${folder}.${process.pid}`
    await rm(aside, { recursive: true, force: true })
    await mkdir(aside, { recursive: true, mode: 0o700 })
    for await (const file of this.#read(versionId)) await place(aside, file)
    await rename(aside, folder)
    return folder
  }
}
