/**
 * Files that versions have in common lie on the disk once: in each version that is laid out they are hard links to the
 * same bytes. Attempts have copies, so nobody writes into one.
 */
import { createHash } from 'node:crypto'
import { link, mkdir, readdir, stat, unlink } from 'node:fs/promises'
import { join } from 'node:path'

/** Writes a file, with a mode as git has it. @throws EEXIST when it is there: it may be another version's, too */
export type WriteFile = (target: string, mode: string, bytes: Uint8Array) => Promise<void>

/** Where there are no hard links, or too many of a file (ext4: 65,000), or somebody removed the folder, each has its own. */
const notShared = new Set(['ENOENT', 'EPERM', 'EMLINK', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV'])

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

/** Name of contents: a link has the mode of what it leads to. */
const nameOf = (mode: string, bytes: Uint8Array): string =>
  `${createHash('sha256').update(bytes).digest('hex')}${mode === '100755' ? '-x' : ''}`

export class SharedFiles {
  readonly #folder: string

  constructor(folder: string) {
    this.#folder = folder
  }

  /** Makes the folder, and removes what no version has any more. */
  async open(): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    await this.sweep()
  }

  /**
   * Puts a file at `target`: a link to what is there, or what `write` writes, which others may link to from now on.
   * @throws EEXIST when there is one
   */
  async place(target: string, mode: string, bytes: Uint8Array, write: WriteFile): Promise<void> {
    const shared = join(this.#folder, nameOf(mode, bytes))
    const linked = await link(shared, target).then(
      () => true,
      (error: unknown) => {
        if (notShared.has(codeOf(error))) return false
        throw error
      },
    )
    if (linked) return
    await write(target, mode, bytes)
    // Only when all of it is there. Another version may have been quicker with the same.
    await link(target, shared).catch((error: unknown) => {
      if (codeOf(error) !== 'EEXIST' && !notShared.has(codeOf(error))) throw error
    })
  }

  /**
   * Removes what no version has any more. A version that is laid out meanwhile keeps what it has linked; the next one with
   * the same bytes writes them anew.
   */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const path = join(this.#folder, name)
      if ((await stat(path)).nlink === 1) await unlink(path)
    }
  }
}
