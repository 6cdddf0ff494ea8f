/** A loop that works when it is woken, after the delay it asked for, or after `pollMs`; never twice at once. */
import { realEffects, type Effects } from './effects.ts'

export class Wakeful {
  readonly #work: () => Promise<number | null>
  readonly #pollMs: number
  readonly #failed: (error: unknown) => void
  readonly #effects: Pick<Effects, 'after' | 'elapsed'>
  #again = false
  #running: Promise<void> | null = null
  /** When it works next; null before the first time, and while it works. */
  #timer: { at: number; callOff: () => void } | null = null
  /** When it was asked to work next, while it worked. */
  #asked = Infinity
  stopped = false

  /** @param work resolves with the ms after which it wants to be called at the latest, or null */
  constructor(
    work: () => Promise<number | null>,
    pollMs: number,
    failed: (error: unknown) => void,
    effects: Pick<Effects, 'after' | 'elapsed'> = realEffects,
  ) {
    this.#work = work
    this.#pollMs = pollMs
    this.#failed = failed
    this.#effects = effects
  }

  wake(): void {
    if (this.stopped) return
    this.#again = true
    this.#running ??= this.#run()
  }

  /** It works in so many ms at the latest. One that was never woken stays asleep. */
  within(ms: number): void {
    const at = this.#effects.elapsed() + ms
    if (this.#running !== null) this.#asked = Math.min(this.#asked, at)
    else if (this.#timer !== null && at < this.#timer.at) this.#sleep(ms)
  }

  async stop(): Promise<void> {
    this.stopped = true
    this.#timer?.callOff()
    await this.#running
  }

  #sleep(ms: number): void {
    this.#timer?.callOff()
    if (this.stopped) return
    const least = Math.max(1, ms)
    this.#timer = {
      at: this.#effects.elapsed() + least,
      callOff: this.#effects.after(least, () => this.wake()),
    }
  }

  async #run(): Promise<void> {
    let delay: number | null = null
    while (this.#again && !this.stopped) {
      this.#again = false
      this.#timer?.callOff()
      this.#timer = null
      try {
        delay = await this.#work()
      } catch (error) {
        this.#failed(error)
        delay = null
      }
    }
    this.#running = null
    const asked = this.#asked - this.#effects.elapsed()
    this.#asked = Infinity
    this.#sleep(Math.min(this.#pollMs, delay ?? this.#pollMs, asked))
  }
}
