/** What a process prints goes into its log, also what is still in the pipe when it has ended. */
import type { Socket } from 'node:net'
import type { LogWriter } from '#server/storage/logs/log-writer.ts'

/**
 * ms that the pipe is waited for once the process has ended: what it had written is there at once, but what left its group
 * without a mark may hold the pipe open for ever. The time that the log takes does not count.
 */
const patienceMs = 2000
/** Bytes that may come once it has ended: more than any pipe holds were written by somebody else since. */
const mostBytes = 2 * 2 ** 20

export class LogDrain {
  readonly #output: Socket
  readonly #log: Pick<LogWriter, 'write'>
  /** Resolves when all is in the log, or has been given up. Never rejects. */
  readonly over: Promise<void>
  /** ms and bytes that are left once it has ended. */
  #patience: number
  #left = Infinity
  /** Since when the pipe is waited for; null while the log is. */
  #waitingSince: number | null = performance.now()
  #timer: NodeJS.Timeout | undefined
  #look: NodeJS.Immediate | undefined

  constructor(output: Socket, log: Pick<LogWriter, 'write'>, patience = patienceMs) {
    this.#output = output
    this.#log = log
    this.#patience = patience
    this.over = this.#copy().finally(() => this.#callOff())
  }

  /** Call when the process has ended, with all that could be found of what it started. */
  ended(): void {
    this.#left = mostBytes
    if (this.#waitingSince !== null) this.#wait()
  }

  #wait(): void {
    this.#waitingSince = performance.now()
    if (this.#left === Infinity) return
    this.#timer = setTimeout(
      () => {
        // What came while this process itself stood still is read first.
        this.#look = setImmediate(() => this.#output.destroy())
      },
      Math.max(0, this.#patience),
    )
  }

  #callOff(): void {
    clearTimeout(this.#timer)
    clearImmediate(this.#look)
  }

  #came(bytes: number): void {
    this.#callOff()
    if (this.#left < Infinity) {
      this.#patience -= performance.now() - (this.#waitingSince ?? performance.now())
      this.#left -= bytes
    }
    this.#waitingSince = null
  }

  async #copy(): Promise<void> {
    try {
      for await (const chunk of this.#output as AsyncIterable<Buffer>) {
        this.#came(chunk.length)
        await this.#log.write(chunk)
        if (this.#left <= 0) return
        this.#wait()
      }
    } catch {
      // The stream was closed on what still held it open.
    }
  }
}
