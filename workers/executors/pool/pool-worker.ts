/**
 * A worker of the pool: asks the desk for attempts, and carries them out with an executor of its own machine.
 * A long poll is always open; it brings attempts, and what ends them from outside.
 */
import type { Logger } from 'pino'
import { sinceBoot } from '#server/config/since-boot.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { FullDisk } from '#server/domain/space.ts'
import type { AttemptJob, AttemptSink, Executor, OrphanedAttempt } from '../executor.ts'
import { stopped } from '../process/verdict.ts'
import { isPassing, pause, type DeskClient } from './desk-client.ts'
import { longestPoll, type Registered, type Registration } from './protocol.ts'
import { RemoteSink } from './remote-sink.ts'
import type { Handed } from './remote-worker.ts'

/** What the one who carries out attempts on this machine is given. */
export interface Hands {
  capacity: number
  sink: AttemptSink
  /** Ends what is asked for an attempt once it is fenced. */
  signalOf: (token: string) => AbortSignal
  released: (token: string) => void
  log: Logger
  /** ms between heartbeats. */
  heartbeatMs: number
}

export interface PoolWorkerOptions {
  client: Pick<DeskClient, 'call' | 'insist' | 'again'>
  self: Registration
  executor: (hands: Hands) => Executor
  log: Logger
  /** The disk of this machine that refuses new work; not given: nobody measures. */
  fullDisk?: () => FullDisk | null
  pause?: typeof pause
  /** ms since some moment, those in which the machine slept counted; never goes back. */
  sinceBoot?: () => number
}

/** ms of the calls that end a worker's life: it does not stay for them. */
const farewell = 5000

export class PoolWorker {
  readonly #options: PoolWorkerOptions
  readonly #sink: RemoteSink
  readonly #executor: Executor
  readonly #pause: typeof pause
  readonly #stop = new AbortController()
  /** Ends the open poll, so that the next one says how much room there is now. */
  #poll = new AbortController()
  #free = 0
  #draining = false
  #idle: () => void = () => {}
  #loop: Promise<void> = Promise.resolve()
  /** Resolves with why, when the desk wants nothing of this worker any more. */
  readonly refused: Promise<DagbokError>

  private constructor(options: PoolWorkerOptions, { leaseSeconds }: Registered) {
    this.#options = options
    let refuse: (error: DagbokError) => void = () => {}
    this.refused = new Promise((done) => (refuse = done))
    this.#refuse = refuse
    const { client, self, log, sinceBoot: now = sinceBoot } = options
    this.#pause = options.pause ?? pause
    const sink = new RemoteSink(client, leaseSeconds, refuse, now)
    this.#sink = sink
    this.#executor = options.executor({
      capacity: self.slots,
      sink,
      signalOf: (token) => sink.signalOf(token),
      released: (token) => this.#released(token),
      log,
      heartbeatMs: sink.heartbeatMs,
    })
  }

  readonly #refuse: (error: DagbokError) => void

  /**
   * Registers, ends what an earlier life left running, and begins to take attempts.
   * @param told ends the waiting for a desk that does not answer
   * @throws DagbokError `unauthenticated` when the token is not good; the reason of `told`
   */
  static async start(options: PoolWorkerOptions, told?: AbortSignal): Promise<PoolWorker> {
    const { client, self } = options
    const registered = await client.insist<Registered & { orphans: OrphanedAttempt[] }>('register', {
      body: self,
      ...(told === undefined ? {} : { signal: told }),
    })
    const worker = new PoolWorker(options, registered)
    await worker.#endOrphans(registered.orphans, told)
    worker.#loop = worker.#work()
    return worker
  }

  /** What they are has ended when this resolves; that they are lost is said as long as nobody wants this worker to end. */
  async #endOrphans(orphans: OrphanedAttempt[], told?: AbortSignal): Promise<void> {
    for (const { token } of orphans) this.#sink.hold(token)
    const unsaid = () => orphans.forEach(({ token }) => this.#sink.letGo(token))
    told?.addEventListener('abort', unsaid)
    if (told?.aborted === true) unsaid()
    await this.#executor.endOrphans(orphans)
    told?.removeEventListener('abort', unsaid)
    for (const { token } of orphans) this.#sink.drop(token)
  }

  /** The disk is full, or has room again: the open poll says what was. */
  diskChanged(): void {
    if (!this.#draining) this.#poll.abort()
  }

  get #full(): FullDisk | null {
    return this.#options.fullDisk?.() ?? null
  }

  /** How many attempts it has. */
  get holding(): number {
    return this.#sink.tokens.length
  }

  /**
   * Takes nothing new, lets what runs end within `boundMs`, then ends it as `worker_stopped`.
   * @param graceMs what is ended has until it is made to end
   */
  async drain(boundMs: number, graceMs: number): Promise<void> {
    this.#draining = true
    const { client, log } = this.#options
    await client
      .call('drain', { patience: farewell })
      .catch((error: unknown) => log.warn({ err: error }, 'the desk could not be told of the drain'))
    this.#poll.abort()
    const idle = new Promise<void>((done) => (this.#idle = done))
    if (this.holding === 0) this.#idle()
    const bound = new AbortController()
    await Promise.race([idle, this.#pause(boundMs, bound.signal), this.refused])
    bound.abort()
    // A desk that is away does not hear of an end: nobody waits for that, its lease runs out.
    const late = new AbortController()
    await Promise.race([this.#executor.stop(graceMs), this.#pause(graceMs + farewell, late.signal)])
    late.abort()
    await client.call('stopped', { patience: farewell }).catch(() => {})
    this.#stop.abort()
    this.#poll.abort()
    await this.#loop
  }

  async #work(): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#poll = new AbortController()
      const shut = this.#draining || this.#full !== null
      this.#free = shut ? 0 : Math.max(0, this.#options.self.slots - this.holding)
      try {
        await this.#take(this.#poll.signal)
      } catch (error) {
        if (this.#poll.signal.aborted) continue
        if (!isPassing(error)) {
          if (error instanceof DagbokError) this.#refuse(error)
          else this.#options.log.error({ err: error }, 'a poll failed')
          return
        }
        await this.#pause(1000, this.#stop.signal)
      }
    }
  }

  async #take(signal: AbortSignal): Promise<void> {
    const { client } = this.#options
    const handed = await client.again(
      () =>
        client.call<Handed>('poll', {
          body: { free: this.#free, holding: this.#sink.tokens, waitMs: longestPoll, full: this.#full },
          signal,
          patience: longestPoll + 15_000,
        }),
      signal,
    )
    for (const job of handed.jobs) this.#accept(job)
    for (const { token, why } of handed.ends) this.#executor.cancel(token, why)
  }

  #accept(job: AttemptJob): void {
    // It came twice, since the answer that brought it first seemed to be lost.
    if (this.#sink.tokens.includes(job.token)) return
    this.#sink.hold(job.token)
    if (!this.#draining) return void this.#executor.submit(job)
    // It was handed out while the desk did not know yet: it has not started, and another worker takes it.
    void this.#sink
      .ended(job.token, stopped)
      .catch(() => {})
      .finally(() => this.#released(job.token))
  }

  #released(token: string): void {
    this.#sink.drop(token)
    if (this.holding === 0) this.#idle()
    // The open poll says that there is no room, and now there is.
    if (this.#free === 0 && !this.#draining) this.#poll.abort()
  }
}
