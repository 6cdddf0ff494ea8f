/** Whether the disk of the attempts was full while one of them ran: what its code makes of that, it need not tell. */
import { freeBytes } from '#server/storage/disks.ts'

/** Bytes: where fewer are free, what was written last may not be whole. */
const exhausted = 2 ** 20

/** ms between two measurements. */
const betweenMs = 200

export class RoomWatch {
  readonly #folder: string
  readonly #timer: NodeJS.Timeout
  /** By the clock of `performance`. */
  #seen = -Infinity

  /** @param wanted whether there is anything to watch for now */
  constructor(folder: string, wanted: () => boolean) {
    this.#folder = folder
    this.#timer = setInterval(() => wanted() && void this.#look(), betweenMs)
    this.#timer.unref()
  }

  stop(): void {
    clearInterval(this.#timer)
  }

  /** Whether it is full, and whether it was at any time since `start` (of `performance.now()`). */
  async since(start: number): Promise<{ now: boolean; ever: boolean }> {
    const now = await this.#look()
    return { now, ever: now || this.#seen >= start }
  }

  async #look(): Promise<boolean> {
    const full = ((await freeBytes(this.#folder)) ?? Infinity) < exhausted
    if (full) this.#seen = performance.now()
    return full
  }
}
