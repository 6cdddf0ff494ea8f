/**
 * What the task-running code writes to, on a worker's side: each call goes to the desk, again and again while the lease
 * holds. A lease that could not be prolonged is over here before it is over at the desk: the attempt is ended first.
 */
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { Json } from '#server/domain/json.ts'
import type { LogChunkRow } from '#server/storage/logs/log-writer.ts'
import { attemptEnd, type AttemptEnd, type AttemptSink } from '../executor.ts'
import { isPassing, type DeskClient } from './desk-client.ts'

interface Lease {
  /** ms of `performance.now()` after which the attempt must not go on. */
  until: number
  over: AbortController
}

/** The part of a lease that a worker counts on: the rest is for an answer that was slow, and for ending the attempt. */
const share = 0.75
/** ms after which a heartbeat is not waited for: the next one is due. */
const heartbeatPatience = 8000

export class RemoteSink implements AttemptSink {
  readonly #client: Pick<DeskClient, 'call' | 'insist'>
  readonly #leaseSeconds: number
  readonly #now: () => number
  readonly #refused: (error: DagbokError) => void
  readonly #leases = new Map<string, Lease>()

  /** @param refused is told when the desk wants nothing of this worker any more */
  constructor(
    client: Pick<DeskClient, 'call' | 'insist'>,
    leaseSeconds: number,
    refused: (error: DagbokError) => void,
    now: () => number = () => performance.now(),
  ) {
    this.#client = client
    this.#leaseSeconds = leaseSeconds
    this.#refused = refused
    this.#now = now
  }

  get heartbeatMs(): number {
    return Math.min(10_000, this.#leaseSeconds * 100)
  }

  /** An attempt has arrived. */
  hold(token: string): void {
    this.#leases.set(token, { until: this.#later(this.#now()), over: new AbortController() })
  }

  drop(token: string): void {
    this.#leases.delete(token)
  }

  get tokens(): string[] {
    return [...this.#leases.keys()]
  }

  /** Ends what is asked for an attempt once it is fenced. */
  signalOf(token: string): AbortSignal {
    return this.#leases.get(token)?.over.signal ?? AbortSignal.abort()
  }

  submitted(token: string, handle: Record<string, Json>): Promise<boolean> {
    return this.#ask(token, 'submitted', { handle })
  }

  async passGate(token: string, handle: Record<string, Json>): Promise<boolean> {
    const asked = this.#now()
    const passed = await this.#ask(token, 'start', { handle })
    if (passed) this.#prolong(token, asked)
    return passed && !this.#isOver(token)
  }

  appendLog(token: string, chunk: LogChunkRow): Promise<boolean> {
    return this.#ask(token, 'log', chunk)
  }

  async ended(token: string, end: AttemptEnd): Promise<boolean> {
    try {
      return await this.#ask(token, 'end', end)
    } catch (error) {
      if (!(error instanceof DagbokError) || error.code === 'unauthenticated') throw error
      // What the desk does not take as it is cannot become better by being sent again.
      return this.#ask(token, 'end', attemptEnd('failed', 'storage', `Its end was refused: ${error.message}`))
    }
  }

  async heartbeat(tokens: string[]): Promise<Map<string, 'go_on' | 'cancel' | 'fenced'>> {
    const asked = this.#now()
    try {
      const { answers } = await this.#client.call<{ answers: Record<string, 'go_on' | 'cancel' | 'fenced'> }>(
        'heartbeat',
        { body: { tokens }, patience: heartbeatPatience },
      )
      for (const token of tokens) {
        if (answers[token] === 'fenced') this.#fence(token)
        else this.#prolong(token, asked)
      }
      return new Map(Object.entries(answers))
    } catch (error) {
      if (error instanceof DagbokError && !isPassing(error)) this.#refused(error)
      return new Map(tokens.map((token) => [token, this.#isOver(token) ? 'fenced' : 'go_on']))
    }
  }

  #later(from: number): number {
    return from + this.#leaseSeconds * 1000 * share
  }

  #prolong(token: string, asked: number): void {
    const lease = this.#leases.get(token)
    if (lease !== undefined) lease.until = Math.max(lease.until, this.#later(asked))
  }

  #isOver(token: string): boolean {
    const lease = this.#leases.get(token)
    if (lease !== undefined && this.#now() < lease.until) return false
    this.#fence(token)
    return true
  }

  #fence(token: string): void {
    this.#leases.get(token)?.over.abort(new DagbokError('conflict', 'The attempt was fenced.'))
  }

  /** False when the attempt is fenced; waits for a desk that is away. @throws DagbokError what it refuses */
  async #ask(token: string, what: string, body: unknown): Promise<boolean> {
    const signal = this.signalOf(token)
    try {
      const { ok } = await this.#client.insist<{ ok: boolean }>(`attempt/${what}`, {
        attempt: token,
        body,
        signal,
      })
      return ok
    } catch (error) {
      if (signal.aborted || (error instanceof DagbokError && error.code === 'not_found')) return false
      if (error instanceof DagbokError && error.code === 'unauthenticated') {
        this.#refused(error)
        return false
      }
      throw error
    }
  }
}
