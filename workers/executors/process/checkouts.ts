/** Versions as folders: laid out once from the bundle, copied for each attempt, so that attempts never share a file. */
import { randomUUID } from 'node:crypto'
import { constants, renameSync, type Dirent } from 'node:fs'
import {
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises'
import { join } from 'node:path'
import type { BundleFile } from '#server/services/version/bundle-files.ts'
import { layOut, writeNew } from './lay-out.ts'
import { SharedFiles } from './shared-files.ts'

/** Reads a version's files for the attempt of this token. */
export type ReadBundle = (versionId: string, token: string) => AsyncIterable<BundleFile>

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

interface Warm {
  laid: Promise<string>
  /** Copies that are being made of it. */
  users: number
}

/** Beside the versions, what their files are links to. */
const sharedName = '.shared'
const bootName = '.boot'

export class Checkouts {
  readonly #folder: string
  readonly #read: ReadBundle
  readonly #bootId: string | null
  readonly #keep: number
  readonly #shared: SharedFiles
  /** By version, the one used last at the end. */
  readonly #warm = new Map<string, Warm>()
  #adopted: Promise<void> | null = null
  #tidied = Promise.resolve()

  /**
   * @param bootId changes with each boot of the machine; null: not known. Nothing says that what was laid out before it
   *   reached the disk
   * @param keep how many versions stay laid out; attempts have copies, and need none of them
   */
  constructor(
    folder: string,
    read: ReadBundle,
    { bootId, keep = 32 }: { bootId: string | null; keep?: number },
  ) {
    this.#folder = folder
    this.#read = read
    this.#bootId = bootId
    this.#keep = keep
    this.#shared = new SharedFiles(join(folder, sharedName))
  }

  /** A private copy of the version at `target`, which must not be there yet. */
  async copy(versionId: string, target: string, token = ''): Promise<void> {
    await (this.#adopted ??= this.#adopt().catch((error: unknown) => {
      this.#adopted = null
      throw error
    }))
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
      this.#bound()
    }
  }

  /** What an earlier life laid out, the oldest first; what it left half done goes. */
  async #adopt(): Promise<void> {
    const found: { name: string; at: number }[] = []
    const note = join(this.#folder, bootName)
    if (this.#bootId === null || (await readFile(note, 'utf8').catch(() => '')) !== this.#bootId) {
      for (const name of await readdir(this.#folder))
        await rm(join(this.#folder, name), { recursive: true, force: true })
      await writeFile(note, this.#bootId ?? '')
    }
    for (const name of await readdir(this.#folder)) {
      if (name === sharedName || name === bootName) continue
      const path = join(this.#folder, name)
      if (name.includes('.')) await rm(path, { recursive: true, force: true })
      else found.push({ name, at: (await stat(path)).mtimeMs })
    }
    for (const { name } of found.toSorted((a, b) => a.at - b.at))
      this.#warm.set(name, { laid: Promise.resolve(join(this.#folder, name)), users: 0 })
    await this.#shared.open()
  }

  #bound(): void {
    for (const [versionId, { users }] of this.#warm) {
      if (this.#warm.size <= this.#keep) return
      if (users > 0) continue
      // Forgotten and out of its place at once: whoever wants it from now on lays it out anew.
      this.#warm.delete(versionId)
      const aside = join(this.#folder, `${versionId}.gone-${randomUUID()}`)
      renameSync(join(this.#folder, versionId), aside)
      // No attempt waits for it.
      void this.#tidy(aside)
    }
  }

  /** One after the other. Never fails: what cannot be removed goes at the next start. */
  #tidy(gone: string): Promise<void> {
    this.#tidied = this.#tidied
      .then(() => rm(gone, { recursive: true, force: true }))
      .then(() => this.#shared.sweep())
      .catch(() => {})
    return this.#tidied
  }

  /** Resolves when what is not needed any more has been removed. */
  async idle(): Promise<void> {
    await this.#tidied
  }

  async #lay(versionId: string, token: string): Promise<string> {
    const folder = join(this.#folder, versionId)
    const aside = `${folder}.${process.pid}`
    await rm(aside, { recursive: true, force: true })
    try {
      await layOut(aside, this.#read(versionId, token), (target, mode, bytes) =>
        this.#shared.place(target, mode, bytes, writeNew),
      )
      await rename(aside, folder)
      return folder
    } catch (error) {
      // Half of it is of no use, and may have taken the last of the disk.
      await this.#tidy(aside)
      throw error
    }
  }
}
