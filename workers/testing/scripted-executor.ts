/** An executor for tests of the scheduler: no processes; what an attempt does is a function of its job. */
import { isOutage } from '#db/outage.ts'
import {
  attemptEnd,
  ownMachine,
  type AttemptEnd,
  type AttemptJob,
  type AttemptSink,
  type Executor,
} from '../executors/executor.ts'

export type Behaviour = (job: AttemptJob, cancelled: Promise<void>) => Promise<AttemptEnd> | AttemptEnd

export const succeeds = (more: Partial<AttemptEnd> = {}): AttemptEnd => ({
  ...attemptEnd('succeeded', null, null),
  ...more,
})
export const fails = (reason: AttemptEnd['reason'] = 'user_error'): AttemptEnd =>
  attemptEnd('failed', reason, null)

export class ScriptedExecutor implements Executor {
  readonly name = 'scripted'
  readonly post = ownMachine
  readonly capacity: number
  /** Jobs whose code started, in order. */
  readonly started: AttemptJob[] = []
  most = 0
  #active = 0
  readonly #behaviour: Behaviour
  readonly #cancels = new Map<string, () => void>()
  #sink: AttemptSink | null = null
  #released: (token: string) => void = () => {}

  constructor(capacity: number, behaviour: Behaviour) {
    this.capacity = capacity
    this.#behaviour = behaviour
  }

  connect(sink: AttemptSink, released: (token: string) => void): void {
    this.#sink = sink
    this.#released = released
  }

  async submit(job: AttemptJob): Promise<void> {
    await this.#sink?.submitted(job.token, {})
    // The test may be over before its code is, and its database closed.
    this.#run(job).catch((error: unknown) => {
      if (!isOutage(error)) throw error
    })
  }

  cancel(token: string): void {
    this.#cancels.get(token)?.()
  }

  endOrphans(): Promise<void> {
    return Promise.resolve()
  }

  stop(): Promise<void> {
    return Promise.resolve()
  }

  async #run(job: AttemptJob): Promise<void> {
    const sink = this.#sink
    if (sink === null) return
    const cancelled = new Promise<void>((done) => this.#cancels.set(job.token, done))
    if (await sink.passGate(job.token, {})) {
      this.started.push(job)
      this.#active++
      this.most = Math.max(this.most, this.#active)
      const end = await this.#behaviour(job, cancelled)
      this.#active--
      await sink.ended(job.token, end)
    } else await sink.ended(job.token, attemptEnd('cancelled', 'cancel_requested', null))
    this.#cancels.delete(job.token)
    this.#released(job.token)
  }
}
