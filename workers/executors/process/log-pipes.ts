/**
 * Named pipes for the output of attempts, made some at a time before they are wanted: Node has no mkfifo, and to start
 * a program takes longer than all the rest of a start. A pipe and not Node's socket pair, since programs may open
 * /dev/stderr again; as root the tasks' user owns it, for the same reason.
 */
import { constants, openSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import type { PipeToFill, Spawner } from './spawner/spawner.ts'

const batch = 16
const script = 'uid=$1; shift; LC_ALL=C mkfifo -m 600 "$@" && { [ -z "$uid" ] || chown "$uid:$uid" "$@"; }'

export class LogPipes {
  readonly #folder: string
  readonly #uid: number | null
  readonly #spawner: Pick<Spawner, 'run'>
  readonly #ready: string[] = []
  #made = 0
  #filling: Promise<void> | null = null

  /** @param uid who shall own the pipes; null: whoever makes them */
  constructor(folder: string, uid: number | null, spawner: Pick<Spawner, 'run'>) {
    this.#folder = folder
    this.#uid = uid
    this.#spawner = spawner
  }

  /** Opens one end; whoever opens the other takes its name away. @throws when none can be made */
  async take(): Promise<PipeToFill> {
    while (this.#ready.length === 0) await this.fill()
    const path = this.#ready.shift() ?? ''
    if (this.#ready.length < batch / 2) this.fill().catch(() => {})
    return { reading: openSync(path, constants.O_RDONLY | constants.O_NONBLOCK), path }
  }

  /** Makes some more; those who ask meanwhile wait for the same ones. */
  fill(): Promise<void> {
    this.#filling ??= this.#make().finally(() => (this.#filling = null))
    return this.#filling
  }

  async #make(): Promise<void> {
    // What an earlier life left is nobody's.
    if (this.#made === 0) await rm(this.#folder, { recursive: true, force: true })
    await mkdir(this.#folder, { recursive: true, mode: 0o700 })
    const paths = Array.from({ length: batch }, () => join(this.#folder, String(this.#made++)))
    const owner = this.#uid === null ? '' : String(this.#uid)
    const { code, said } = await this.#spawner.run(['/bin/sh', '-c', script, 'sh', owner, ...paths])
    if (code !== 0)
      throw Object.assign(new Error(`named pipes could not be made in ${this.#folder}: ${said.trim()}`), {
        code: said.includes('No space left on device') ? 'ENOSPC' : 'EIO',
      })
    this.#ready.push(...paths)
  }
}
