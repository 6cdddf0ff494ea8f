/**
 * Named pipes for the output of attempts, made some at a time before they are wanted: Node has no mkfifo, and to start
 * a program takes longer than all the rest of a start. A pipe and not Node's socket pair, since programs may open
 * /dev/stderr again; as root the tasks' user owns it, for the same reason.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync, unlinkSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { join } from 'node:path'

const batch = 16
const script = 'uid=$1; shift; LC_ALL=C mkfifo -m 600 "$@" && { [ -z "$uid" ] || chown "$uid:$uid" "$@"; }'

export interface LogPipe {
  /** File descriptors; whoever takes the pipe closes both. */
  reading: number
  writing: number
}

export class LogPipes {
  readonly #folder: string
  readonly #uid: number | null
  readonly #ready: string[] = []
  #made = 0
  #filling: Promise<void> | null = null

  /** @param uid who shall own the pipes; null: whoever makes them */
  constructor(folder: string, uid: number | null) {
    this.#folder = folder
    this.#uid = uid
  }

  /** Opens both ends; the name is gone afterwards. @throws when none can be made */
  async take(): Promise<LogPipe> {
    while (this.#ready.length === 0) await this.fill()
    const path = this.#ready.shift() ?? ''
    if (this.#ready.length < batch / 2) this.fill().catch(() => {})
    const reading = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    try {
      return { reading, writing: openSync(path, constants.O_WRONLY) }
    } catch (error) {
      closeSync(reading)
      throw error
    } finally {
      unlinkSync(path)
    }
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
    const child = spawn('/bin/sh', ['-c', script, 'sh', owner, ...paths], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0)
      throw Object.assign(new Error(`named pipes could not be made in ${this.#folder}: ${said.trim()}`), {
        code: said.includes('No space left on device') ? 'ENOSPC' : 'EIO',
      })
    this.#ready.push(...paths)
  }
}
