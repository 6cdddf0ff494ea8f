/**
 * What is done for a worker of the pool that is at the desk, however it came there: it gets attempts, says what comes of
 * them, and goes. Each deed about an attempt is fenced by its token, and by the worker that holds it.
 */
import type { KnownWorker } from '#db/queries/worker.ts'
import type { SchedulingStore, Session } from '#db/scheduling-store.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { canonicalJson, type Json } from '#server/domain/json.ts'
import { clusterOfWarmQueue } from '#server/domain/run/deployment.ts'
import type { WorkerActor } from '#server/services/worker/worker-tokens.ts'
import type { Effects } from '../../scheduler/effects.ts'
import type { AttemptEnd, AttemptSink, OrphanedAttempt } from '../executor.ts'
import type { Beaten, Heartbeat, Poll, Prolonged, Registration, Starting } from './protocol.ts'
import type { Handed, RemoteWorker } from './remote-worker.ts'
import { Roster, type Served } from './roster.ts'

export interface ClerkOptions {
  store: SchedulingStore
  sink: AttemptSink
  scheduler: Served
  /** Seconds that a heartbeat is good for. */
  leaseSeconds: number
  after?: Effects['after']
}

type Found = NonNullable<Awaited<ReturnType<Session['attemptOfWorker']>>>
/** An attempt with whom it is asked for. */
export type Held = Found & { token: string; workerId: string }

export class Clerk {
  readonly leaseSeconds: number
  readonly #store: SchedulingStore
  readonly #sink: AttemptSink
  readonly #roster: Roster

  constructor({ store, sink, scheduler, leaseSeconds, after }: ClerkOptions) {
    this.leaseSeconds = leaseSeconds
    this.#store = store
    this.#sink = sink
    this.#roster = new Roster(scheduler, after)
  }

  /**
   * Writes a worker down; one that registers twice, since an answer was lost, is written down once.
   * @returns attempts that earlier lives of it left: it ends what may still run, and says that they are lost
   * @throws DagbokError `forbidden` when its token is not for these queues
   */
  async register({ tokenId, teamId, queue }: WorkerActor, given: Registration): Promise<OrphanedAttempt[]> {
    const isFor = (name: string) => (queue === null ? clusterOfWarmQueue(name) === null : name === queue)
    if (!given.queues.every(isFor))
      throw new DagbokError('forbidden', 'This token is for workers of another queue.')
    return this.#store.transaction(async (tx) => {
      await tx.registerWorker({ ...given, tokenId })
      await tx.announce([`worker:${teamId}`])
      return tx.inheritAttempts({ id: given.id, host: given.host, tokenId })
    })
  }

  /** @throws DagbokError `not_found` when it never came with this token, or was stopped */
  async workerOf(id: string, { tokenId }: WorkerActor): Promise<KnownWorker> {
    const known = await this.#store.findWorker(id, tokenId)
    if (known === null)
      throw new DagbokError('not_found', 'This worker is not known, or was stopped: it has to register.')
    return known
  }

  /** Resolves when there is something for it, or its patience is over. @param gone nobody hears the answer any more */
  async poll(worker: KnownWorker, actor: WorkerActor, asked: Poll, gone: AbortSignal): Promise<Handed> {
    const remote = this.#seen(worker, actor)
    await this.#store.workerAlive(worker.id, asked.full)
    // Pages of its team show whether it takes anything.
    if ((worker.full === null) !== (asked.full === null))
      await this.#store.announce([`worker:${actor.teamId}`])
    if (worker.draining) remote.drain()
    const answer = remote.poll(asked, gone)
    this.#roster.serve(remote)
    return answer
  }

  /** It takes nothing new any more. */
  async drain(worker: KnownWorker, actor: WorkerActor): Promise<void> {
    const remote = this.#seen(worker, actor)
    await this.#store.workerDrains(worker.id)
    remote.drain()
    await this.#store.announce([`worker:${actor.teamId}`])
  }

  async stopped(worker: KnownWorker, { teamId }: WorkerActor): Promise<void> {
    await this.#store.workerStopped(worker.id)
    this.#roster.forget(worker.id)
    await this.#store.announce([`worker:${teamId}`])
  }

  /** Its machine is gone, and nothing more is handed to it. */
  forget(workerId: string): void {
    this.#roster.forget(workerId)
  }

  #seen(worker: KnownWorker, { teamId }: WorkerActor): RemoteWorker {
    return this.#roster.of(worker, teamId)
  }

  /** Answers for tokens that this worker holds; all others are fenced to it. */
  async heartbeat(
    worker: KnownWorker,
    actor: WorkerActor,
    { tokens, leaseSeconds }: Heartbeat,
  ): Promise<Beaten> {
    this.#seen(worker, actor)
    const { id } = worker
    const lease = this.#leaseFor(leaseSeconds)
    const known = await this.#prolong(await this.#store.tokensOfWorker(tokens, id), lease)
    for (const token of tokens) if (!known.has(token)) this.#roster.over(id, token)
    const answerOf = (token: string) => known.get(token) ?? 'fenced'
    return {
      answers: Object.fromEntries(tokens.map((token) => [token, answerOf(token)])),
      leaseSeconds: lease,
    }
  }

  /** Seconds: ours; or what the worker was given by a desk with a longer one, which it counts on until its next life. */
  #leaseFor(counted = 0): number {
    return Math.max(this.leaseSeconds, counted)
  }

  #prolong(tokens: readonly string[], leaseSeconds: number): ReturnType<Session['heartbeat']> {
    return this.#store.heartbeat(tokens, leaseSeconds * 1000)
  }

  /** @throws DagbokError `not_found` for what this worker does not hold: it was fenced, or is another's */
  async held(workerId: string, token: string): Promise<Held> {
    const found = await this.#store.attemptOfWorker(token, workerId)
    if (found !== null) return { ...found, token, workerId }
    this.#roster.over(workerId, token)
    throw new DagbokError('not_found', 'This worker does not hold such an attempt.')
  }

  async submitted(held: Held, handle: Record<string, Json>): Promise<boolean> {
    this.#roster.arrived(held.workerId, held.token)
    return (await this.#sink.submitted(held.token, handle)) || this.#isAt(held, 'submitted', handle)
  }

  /**
   * The start gate. Its answer may be lost: the same process passes again, any other does not. The worker counts its lease
   * from the question, so it is prolonged with each answer that opens, and what is over or shall end does not start.
   */
  async start(held: Held, { handle, leaseSeconds }: Starting): Promise<Prolonged & { ok: boolean }> {
    const { token } = held
    const lease = this.#leaseFor(leaseSeconds)
    const passed = (await this.#sink.passGate(token, handle)) || (await this.#isAt(held, 'running', handle))
    const ok = passed && (await this.#prolong([token], lease)).get(token) === 'go_on'
    return { ok, leaseSeconds: lease }
  }

  async #isAt(held: Held, state: string, handle: Record<string, Json>): Promise<boolean> {
    const now = await this.#store.attemptOfWorker(held.token, held.workerId)
    return now?.state === state && canonicalJson(now.handle ?? null) === canonicalJson(handle)
  }

  async end({ workerId, token }: Held, end: AttemptEnd): Promise<boolean> {
    const ok = await this.#sink.ended(token, end)
    this.#roster.over(workerId, token)
    return ok
  }

  /** Takes no more workers; those that are out go on. */
  async close(): Promise<void> {
    await this.#roster.close()
  }
}
