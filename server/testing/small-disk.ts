/** A disk of some MB of its own that a test fills and frees again: a tmpfs, which only root may mount. */
import { execFile } from 'node:child_process'
import { chmod, mkdir, mkdtemp, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { promisify } from 'node:util'

const run = promisify(execFile)
const chunk = Buffer.alloc(2 ** 20)

const isFull = (error: unknown) => (error as NodeJS.ErrnoException).code === 'ENOSPC'

export class SmallDisk {
  readonly folder: string
  readonly #ballast: string

  private constructor(folder: string) {
    this.folder = folder
    this.#ballast = join(folder, 'ballast')
  }

  /** @param folder made if it is not there; what lies in it is hidden */
  static async mount(folder: string, megabytes: number): Promise<SmallDisk> {
    await mkdir(folder, { recursive: true })
    await run('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'dagbok-test', folder])
    await chmod(folder, 0o711)
    return new SmallDisk(folder)
  }

  async free(): Promise<number> {
    const { bavail, bsize } = await statfs(this.folder)
    return bavail * bsize
  }

  /** Fills it up until so many bytes are free. */
  async fill(left: number): Promise<void> {
    const file = await open(this.#ballast, 'a')
    try {
      for (let room = await this.free(); room > left; room = await this.free())
        await file.write(chunk, 0, Math.min(chunk.length, room - left))
    } catch (error) {
      // Whoever else writes there was quicker.
      if (!isFull(error)) throw error
    } finally {
      await file.close()
    }
  }

  /** Keeps it full to the last byte: what others free meanwhile is taken, too. */
  async keepFull(ms: number): Promise<void> {
    for (const end = Date.now() + ms; Date.now() < end; await pause(5)) await this.fill(0)
  }

  release(): Promise<void> {
    return rm(this.#ballast, { force: true })
  }

  /** Also while something is still open there. */
  async unmount(): Promise<void> {
    await run('umount', ['--lazy', this.folder])
    await rm(this.folder, { recursive: true, force: true })
  }
}

/** Why this machine gives a test no disk of its own; null: it does. */
export async function whyNoSmallDisk(): Promise<string | null> {
  if (process.getuid?.() !== 0) return 'only root may mount a small disk to fill'
  const folder = await mkdtemp(join(tmpdir(), 'dagbok-disk-'))
  try {
    const disk = await SmallDisk.mount(folder, 1)
    await disk.unmount()
    return null
  } catch (error) {
    return `no small disk can be mounted here: ${(error as Error).message.trim().split('\n').at(-1) ?? ''}`
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}
