/** A loop that works when it is woken, after the delay it asked for, or after `pollMs`; never twice at once. */
import { realEffects, type Effects } from './effects.ts'

export class Wakeful {
  readonly #work: () => Promise<number | null>
  readonly #pollMs: number
  readonly #failed: (error: unknown) => void
  readonly #after: Effects['after']
  #again = false
  #running: Promise<void> | null = null
  #callOff: (() => void) | null = null
  stopped = false

  /** @param work resolves with the ms after which it wants to be called at the latest, or null */
  constructor(
    work: () => Promise<number | null>,
    pollMs: number,
    failed: (error: unknown) => void,
    after: Effects['after'] = realEffects.after,
  ) {
    this.#work = work
    this.#pollMs = pollMs
    this.#failed = failed
    this.#after = after
  }

  wake(): void {
    if (this.stopped) return
    this.#again = true
    this.#running ??= this.#run()
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.#callOff?.()
    await this.#running
  }

  async #run(): Promise<void> {
    let delay: number | null = null
    while (this.#again && !this.stopped) {
      this.#again = false
      this.#callOff?.()
      try {
        delay = await this.#work()
      } catch (error) {
        this.#failed(error)
        delay = null
      }
    }
    this.#running = null
    if (this.stopped) return
    const ms = Math.max(1, Math.min(this.#pollMs, delay ?? this.#pollMs))
    this.#callOff = this.#after(ms, () => this.wake())
  }
}
