/** A loop that works when it is woken, after the delay it asked for, or after `pollMs`; never twice at once. */
export class Wakeful {
  readonly #work: () => Promise<number | null>
  readonly #pollMs: number
  readonly #failed: (error: unknown) => void
  #again = false
  #running: Promise<void> | null = null
  #timer: NodeJS.Timeout | null = null
  stopped = false

  /** @param work resolves with the ms after which it wants to be called at the latest, or null */
  constructor(work: () => Promise<number | null>, pollMs: number, failed: (error: unknown) => void) {
    this.#work = work
    this.#pollMs = pollMs
    this.#failed = failed
  }

  wake(): void {
    if (this.stopped) return
    this.#again = true
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.stopped = true
    if (this.#timer !== null) clearTimeout(this.#timer)
    await this.#running
  }

  async #run(): Promise<void> {
    let delay: number | null = null
    while (this.#again && !this.stopped) {
      this.#again = false
      if (this.#timer !== null) clearTimeout(this.#timer)
      try {
        delay = await this.#work()
      } catch (error) {
        this.#failed(error)
        delay = null
      }
    }
    this.#running = null
    if (this.stopped) return
    this.#timer = setTimeout(() => this.wake(), Math.max(1, Math.min(this.#pollMs, delay ?? this.#pollMs)))
  }
}
