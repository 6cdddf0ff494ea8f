/** What a process prints goes into its log, also what is still in the pipe when it has ended. */
import type { Socket } from 'node:net'
import type { LogWriter } from '#server/storage/logs/log-writer.ts'

/** ms that nothing may come once it has ended: what left its group without a mark may hold the pipe open for ever. */
const idleMs = 2000
/** Bytes that may come once it has ended: more than any pipe holds were written by somebody else since. */
const mostBytes = 2 * 2 ** 20

export class LogDrain {
  readonly #output: Socket
  readonly #log: Pick<LogWriter, 'write'>
  readonly #idleMs: number
  /** Resolves when all is in the log, or has been given up. Never rejects. */
  readonly over: Promise<void>
  #left = Infinity
  /** Whether the pipe is waited for, and not the log: a slow store loses nothing. */
  #waiting = true
  #timer: NodeJS.Timeout | undefined

  constructor(output: Socket, log: Pick<LogWriter, 'write'>, idle = idleMs) {
    this.#output = output
    this.#log = log
    this.#idleMs = idle
    this.over = this.#copy().finally(() => clearTimeout(this.#timer))
  }

  /** Call when the process has ended, with all that could be found of what it started. */
  ended(): void {
    this.#left = mostBytes
    if (this.#waiting) this.#giveUpLater()
  }

  #giveUpLater(): void {
    this.#timer = setTimeout(() => this.#output.destroy(), this.#idleMs)
  }

  async #copy(): Promise<void> {
    try {
      for await (const chunk of this.#output as AsyncIterable<Buffer>) {
        clearTimeout(this.#timer)
        this.#waiting = false
        await this.#log.write(chunk)
        this.#waiting = true
        this.#left -= chunk.length
        if (this.#left <= 0) return
        if (this.#left < Infinity) this.#giveUpLater()
      }
    } catch {
      // The stream was closed on what still held it open.
    }
  }
}
