/**
 * What the task-running code writes to, on a worker's side: each call goes to the desk, again and again while the lease
 * holds. A lease that could not be prolonged is over here before it is over at the desk: the attempt is ended first.
 */
import { countedOn } from '#server/config/lease.ts'
import { sinceBoot } from '#server/config/since-boot.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { Json } from '#server/domain/json.ts'
import type { LogChunkRow } from '#server/storage/logs/log-writer.ts'
import { attemptEnd, type AttemptEnd, type AttemptSink } from '../executor.ts'
import { isPassing, type DeskClient } from './desk-client.ts'
import { leaseOfEarlierBuilds, type Beaten, type Prolonged } from './protocol.ts'

interface Lease {
  /** ms of `sinceBoot()`: when the question was asked whose answer gave it, and after which the attempt must not go on. */
  asked: number
  until: number
  over: AbortController
}

/** ms until which a lease may be counted on that was asked for then. */
const later = (asked: number, leaseSeconds: number): number => asked + countedOn(leaseSeconds) * 1000
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
    now: () => number = sinceBoot,
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
    const asked = this.#now()
    this.#leases.set(token, { asked, until: later(asked, this.#leaseSeconds), over: new AbortController() })
  }

  drop(token: string): void {
    this.#leases.delete(token)
  }

  /** Nothing more is said of it: the desk finds out by its lease. */
  letGo(token: string): void {
    this.#fence(token)
  }

  get tokens(): string[] {
    return [...this.#leases.keys()]
  }

  /** Ends what is asked for an attempt once it is fenced. */
  signalOf(token: string): AbortSignal {
    return this.#leases.get(token)?.over.signal ?? AbortSignal.abort()
  }

  async submitted(token: string, handle: Record<string, Json>): Promise<boolean> {
    return (await this.#ask(token, 'submitted', { handle })).ok
  }

  async passGate(token: string, handle: Record<string, Json>): Promise<boolean> {
    const asked = this.#now()
    const answer = await this.#ask(token, 'start', { handle, leaseSeconds: this.#leaseSeconds })
    const passed = answer.ok
    if (passed) this.#prolong(token, asked, answer)
    return passed && !this.#isOver(token)
  }

  async appendLog(token: string, chunk: LogChunkRow): Promise<boolean> {
    return (await this.#ask(token, 'log', chunk)).ok
  }

  async ended(token: string, end: AttemptEnd): Promise<boolean> {
    try {
      return (await this.#ask(token, 'end', end)).ok
    } catch (error) {
      if (!(error instanceof DagbokError) || error.code === 'unauthenticated') throw error
      // What the desk does not take as it is cannot become better by being sent again.
      const refused = attemptEnd('failed', 'storage', `Its end was refused: ${error.message}`)
      return (await this.#ask(token, 'end', refused)).ok
    }
  }

  async heartbeat(tokens: string[]): Promise<Map<string, 'go_on' | 'cancel' | 'fenced'>> {
    const asked = this.#now()
    try {
      const answer = await this.#client.call<Beaten>('heartbeat', {
        body: { tokens, leaseSeconds: this.#leaseSeconds },
        patience: heartbeatPatience,
      })
      for (const token of tokens) {
        if (answer.answers[token] === 'fenced') this.#fence(token)
        else this.#prolong(token, asked, answer)
      }
      return new Map(Object.entries(answer.answers))
    } catch (error) {
      if (error instanceof DagbokError && !isPassing(error)) this.#refused(error)
      return new Map(tokens.map((token) => [token, this.#isOver(token) ? 'fenced' : 'go_on']))
    }
  }

  /** The answer to the question asked last says how long the lease is, also when it is shorter than it was. */
  #prolong(token: string, asked: number, { leaseSeconds = leaseOfEarlierBuilds }: Prolonged): void {
    const lease = this.#leases.get(token)
    if (lease === undefined || asked < lease.asked) return
    lease.asked = asked
    lease.until = later(asked, leaseSeconds)
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

  /** Not `ok` when the attempt is fenced; waits for a desk that is away. @throws DagbokError what it refuses */
  async #ask(token: string, what: string, body: unknown): Promise<Prolonged & { ok: boolean }> {
    const signal = this.signalOf(token)
    try {
      return await this.#client.insist<Prolonged & { ok: boolean }>(`attempt/${what}`, {
        attempt: token,
        body,
        signal,
      })
    } catch (error) {
      if (signal.aborted || (error instanceof DagbokError && error.code === 'not_found')) return { ok: false }
      if (error instanceof DagbokError && error.code === 'unauthenticated') {
        this.#refused(error)
        return { ok: false }
      }
      throw error
    }
  }
}
