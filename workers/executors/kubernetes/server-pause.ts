/** What an API server asks for with 429 and `Retry-After`: nobody of this client asks it again before. */
import { ClusterError } from './cluster-error.ts'
import { pause, type Timing } from './timing.ts'

/** ms to wait after a 429 that does not say how long. */
const unsaidMs = 1000

export class ServerPause {
  readonly #timing: Timing
  #until = 0

  constructor(timing: Timing) {
    this.#timing = timing
  }

  /** ms that are left. */
  get left(): number {
    return Math.max(0, this.#until - this.#timing.elapsed())
  }

  /** @param retryAfterMs null: the server does not say */
  ask(retryAfterMs: number | null): void {
    this.#until = Math.max(this.#until, this.#timing.elapsed() + (retryAfterMs ?? unsaidMs))
  }

  /**
   * Waits until the server may be asked, and a little longer by chance, so that not all who waited come at one instant.
   * @param patience ms: what would have to wait for longer is refused at once
   * @throws ClusterError `throttled`
   */
  async over(patience: number, signal: AbortSignal): Promise<void> {
    for (let left = this.left; left > 0 && !signal.aborted; left = this.left) {
      if (left > patience)
        throw new ClusterError(
          'throttled',
          `The API server asks not to be asked for ${Math.ceil(left / 1000)} s.`,
          {
            retryAfterMs: left,
          },
        )
      await pause(this.#timing, left * (1 + this.#timing.random() / 5), signal)
    }
  }
}
