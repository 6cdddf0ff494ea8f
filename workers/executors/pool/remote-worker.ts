/**
 * A worker of the pool as the scheduler sees it: an executor whose room is what the worker's open poll says, and whose
 * jobs are that poll's answer. What was answered and did not arrive is answered again: the start gate lets one start.
 */
import { underwayMs } from '#server/config/lease.ts'
import { realEffects, type Effects } from '../../scheduler/effects.ts'
import type { AttemptJob, Executor, Post } from '../executor.ts'
import type { Ending, Poll } from './protocol.ts'

export interface Handed {
  jobs: AttemptJob[]
  ends: Ending[]
}

interface Waiting {
  free: number
  answer: (handed: Handed) => void
}

export class RemoteWorker implements Executor {
  readonly name = 'pool'
  readonly post: Post
  /** Submitted and not released: each holds a place. */
  readonly #held = new Set<string>()
  /** Not known to have arrived. */
  readonly #underway = new Map<string, AttemptJob>()
  readonly #ends = new Map<string, Ending>()
  #waiting: Waiting | null = null
  #draining = false

  readonly #rid: (token: string) => void
  readonly #after: Effects['after']

  /**
   * @param worker its row, the queues it serves, and the team of its token
   * @param rid is told of each attempt that holds no place there any more
   */
  constructor(
    worker: { id: string; queues: readonly string[]; teamId: string },
    rid: (token: string) => void,
    after: Effects['after'] = realEffects.after,
  ) {
    const { id, queues, teamId } = worker
    this.#rid = rid
    this.#after = after
    this.post = { own: false, queues, teamId, workerId: id, leaseMs: underwayMs }
  }

  get capacity(): number {
    return this.#held.size + this.free
  }

  /** What it has room for; without an open poll nobody could tell it of more. */
  get free(): number {
    return this.#draining ? 0 : (this.#waiting?.free ?? 0)
  }

  /** Resolves when there is something for it, or after its patience; a newer poll takes the place of an older one. */
  poll(asked: Poll, gone: AbortSignal): Promise<Handed> {
    this.#waiting?.answer({ jobs: [], ends: [] })
    const holding = new Set(asked.holding)
    for (const token of holding) this.#underway.delete(token)
    for (const token of this.#held)
      if (!holding.has(token) && !this.#underway.has(token)) this.released(token)
    return new Promise((done) => {
      const patient = this.#after(asked.waitMs, () => this.#waiting?.answer(this.#take()))
      const waiting: Waiting = {
        free: asked.free,
        answer: (handed) => {
          patient()
          if (this.#waiting === waiting) this.#waiting = null
          done(handed)
        },
      }
      this.#waiting = waiting
      gone.addEventListener('abort', () => waiting.answer({ jobs: [], ends: [] }))
      this.#tell()
    })
  }

  /** It has said what comes of an attempt: the job has arrived. */
  arrived(token: string): void {
    this.#underway.delete(token)
  }

  /** The attempt is over: it holds no place any more. */
  released(token: string): void {
    this.#underway.delete(token)
    this.#ends.delete(token)
    if (this.#held.delete(token)) this.#rid(token)
  }

  /** It is gone: nothing holds a place there any more. */
  leave(): void {
    this.#waiting?.answer({ jobs: [], ends: [] })
    for (const token of this.#held) this.released(token)
  }

  drain(): void {
    this.#draining = true
    this.#waiting?.answer(this.#take())
  }

  submit(job: AttemptJob): Promise<void> {
    this.#held.add(job.token)
    this.#underway.set(job.token, job)
    this.#tell()
    return Promise.resolve()
  }

  cancel(token: string, why: 'cancel' | 'timeout'): void {
    this.#ends.set(token, { token, why })
    this.#tell()
  }

  /** What an earlier life of the worker left, its next life ends. */
  endOrphans(): Promise<void> {
    return Promise.resolve()
  }

  /** Its attempts go on without a scheduler; only nobody waits for an answer any more. */
  stop(): Promise<void> {
    this.#waiting?.answer({ jobs: [], ends: [] })
    return Promise.resolve()
  }

  #tell(): void {
    if (this.#waiting !== null && this.#underway.size + this.#ends.size > 0)
      this.#waiting.answer(this.#take())
  }

  #take(): Handed {
    const handed = { jobs: [...this.#underway.values()], ends: [...this.#ends.values()] }
    this.#ends.clear()
    return handed
  }
}
