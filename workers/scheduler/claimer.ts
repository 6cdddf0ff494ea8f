/**
 * Hands queued task runs out: asks limits and pools under their locks, makes the attempt, and gives it to the executor.
 * What one look claims of one run is one transaction.
 */
import type { Logger } from 'pino'
import type { Candidate } from '#db/queries/claim.ts'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { isShut, type ItemRef } from '#server/domain/run/decide.ts'
import { itemAt } from '#server/domain/run/machine.ts'
import type { Executor } from '../executors/executor.ts'
import type { DatabaseSink } from './attempt-sink.ts'
import type { Effects } from './effects.ts'
import type { HeldAttempts } from './held-attempts.ts'
import type { Isolation } from './isolation.ts'
import { heldBackBy, type Limit } from './limits.ts'
import type { LiveRun } from './live-run.ts'
import { Room } from './room.ts'
import { Submitter, type Taken } from './submitter.ts'
import type { Entry, Prepare, RunAdvancer } from './run-advancer.ts'

/** Rounds of one look in which something was claimed. */
const longest = 4

/** What came of a candidate: taken, gone, or held back by a limit of its run, its task, its pool, the deployment. */
type Outcome = { kind: 'taken'; taken: Taken } | { kind: 'gone' | Limit }

/** A claim on its way: what its transaction does, and what came of it. */
interface Claim {
  prepare: Prepare
  /** Call it when that has been committed, with whether its event was accepted. */
  settle: (accepted: boolean) => Outcome
}

export class Claimer {
  readonly #store: SchedulingStore
  readonly #workerId: string
  readonly #runs: RunAdvancer
  readonly #isolation: Isolation
  readonly #effects: Pick<Effects, 'token' | 'within' | 'parallelism'>
  readonly #held: HeldAttempts
  readonly #submitter: Submitter
  readonly #room: Room

  constructor(given: {
    store: SchedulingStore
    log: Logger
    workerId: string
    runs: RunAdvancer
    sink: DatabaseSink
    isolation: Isolation
    effects: Pick<Effects, 'token' | 'within' | 'parallelism' | 'secrets'>
    held: HeldAttempts
  }) {
    this.#store = given.store
    this.#workerId = given.workerId
    this.#runs = given.runs
    this.#isolation = given.isolation
    this.#effects = given.effects
    this.#held = given.held
    this.#room = new Room(given.held)
    this.#submitter = new Submitter(given)
  }

  /** Resolves when what was taken has been handed to the executor. */
  async idle(): Promise<void> {
    await this.#submitter.idle()
  }

  /** Asks for the end of the attempts of this task run that were handed out here. */
  cancel(taskRunId: string, why: 'cancel' | 'timeout'): void {
    for (const [token, held] of this.#held) if (held.taskRunId === taskRunId) held.executor.cancel(token, why)
  }

  released(token: string): void {
    this.#held.delete(token)
  }

  /** There may be work that nobody has looked at. */
  unsettled(): void {
    this.#room.unsettled()
  }

  /**
   * Claims what a transaction has just queued, in that same transaction: a commit and the question for work are saved.
   * Only where nothing else waits for the place: otherwise priorities and turns decide. What needs a queue is left to those
   * who serve it.
   * @param queued as they stand in the run's machine
   * @returns claims for that transaction; each holds a place until it is done or has failed
   */
  offers(live: LiveRun, queued: readonly ItemRef[]): Entry[] {
    const runId = live.row.id
    const executor = this.#room.idle()
    if (executor === null || this.#isolation.resting().includes(runId)) return []
    const { tasks } = live.identity.spec
    // What others share is asked for by a look: an end must not wait for who holds it, nor take it from who waits for it.
    if (live.identity.spec.limits.max_active_tasks !== null || this.#effects.parallelism !== null) return []
    const own = queued.filter(({ node }) => live.queues[node] === null && tasks[node]?.pool == null)
    const priority = ({ node }: ItemRef) => tasks[node]?.priority ?? 0
    const first = own
      .toSorted((a, b) => priority(b) - priority(a))
      .slice(0, Math.max(0, this.#room.of(executor)))
    return first.map(({ node, item }) => {
      const claim = this.#claimOf(executor, {
        id: live.ids[node]?.[item] ?? '',
        runId,
        versionId: live.row.versionId,
        task: tasks[node]?.id ?? '',
      })
      this.#room.reserve(executor, 1)
      return {
        prepare: claim.prepare,
        claims: true,
        done: (accepted) => {
          this.#room.reserve(executor, -1)
          const outcome = claim.settle(accepted)
          if (outcome.kind === 'taken') this.#submitter.submit(executor, outcome.taken)
        },
        failed: () => this.#room.reserve(executor, -1),
      }
    })
  }

  /**
   * Claims as much as the executor has room for. What a limit holds back is passed by, not waited for.
   * @returns whether there may be more: other executors wait for this look, too
   */
  async claim(executor: Executor, stopped: () => boolean): Promise<boolean> {
    const blocked = {
      versions: new Set<string>(),
      runs: new Set(this.#isolation.resting()),
      tasks: new Set<string>(),
    }
    this.#room.looks(executor)
    const gone = new Set<string>()
    for (let rounds = 0; ;) {
      const free = Math.min(this.#room.of(executor), await this.#freeEverywhere())
      if (free <= 0 || stopped()) return false
      const found = await this.#store.claimable(free, blocked, executor.post)
      if (found.length === 0) this.#room.foundNothing(executor)
      // What is offered meanwhile takes places, too.
      const candidates = found.slice(0, Math.max(0, this.#room.of(executor)))
      if (candidates.length === 0) return found.length > 0
      this.#room.reserve(executor, candidates.length)
      const outcomes = await Promise.all(
        candidates.map((one) =>
          // What others of this look have taken is submitted all the same; the next question meets the outage.
          this.#isolation.attempt(one.runId, () => this.#take(executor, one)).catch(() => null),
        ),
      )
      this.#room.reserve(executor, -candidates.length)
      for (const [i, outcome] of outcomes.entries()) {
        const candidate = candidates[i]
        if (candidate === undefined || outcome?.kind === 'taken') continue
        if (outcome === null) blocked.runs.add(candidate.runId)
        else if (outcome.kind === 'run_limit') blocked.versions.add(candidate.versionId)
        // Another scheduler was quicker: there may be more of its kind. Where it is found again, it is none to claim.
        else if (outcome.kind === 'gone' && !gone.has(candidate.id)) gone.add(candidate.id)
        else blocked.tasks.add(`${candidate.runId} ${candidate.task}`)
      }
      const taken = outcomes.flatMap((outcome) => (outcome?.kind === 'taken' ? [outcome.taken] : []))
      for (const one of taken) this.#submitter.submit(executor, one)
      // Somebody took the last place meanwhile: what is behind has none either.
      if (outcomes.some((outcome) => outcome?.kind === 'all_limit')) return false
      if (taken.length > 0 && ++rounds === longest) return true
    }
  }

  /** Places that the deployment has left, as far as can be told without a lock: what is full is not asked for each. */
  async #freeEverywhere(): Promise<number> {
    const { parallelism } = this.#effects
    return parallelism === null ? Infinity : parallelism - (await this.#store.activeEverywhere())
  }

  async #take(executor: Executor, candidate: Candidate): Promise<Outcome> {
    const { prepare, settle } = this.#claimOf(executor, candidate)
    return settle(await this.#runs.applyClaim(candidate.runId, prepare))
  }

  #claimOf(executor: Executor, candidate: Candidate): Claim {
    const token = this.#effects.token()
    let outcome: Outcome = { kind: 'gone' }
    const prepare: Prepare = async (tx, live, batch) => {
      // A transaction that was undone is done again.
      outcome = { kind: 'gone' }
      const place = live.places.get(candidate.id)
      if (place === undefined) return null
      const item = itemAt(live.machine, place.node, place.item)
      if (item.state !== 'queued' || live.machine.run !== 'running' || isShut(live.machine, place.node))
        return null
      // Its time is over: the next sweep ends it.
      const { now } = live.row
      if ([item.dueAt, live.machine.dueAt].some((at) => at != null && at <= now)) return null
      const { parallelism } = this.#effects
      const limit = await heldBackBy(tx, live, place.node, candidate.id, { batch, parallelism })
      if (limit !== null) {
        outcome = { kind: limit }
        return null
      }
      const n = item.attempts + 1
      const kind = live.machine.plan.nodes[place.node]?.policy.poll == null ? 'main' : 'probe'
      const { id: taskRunId, runId } = candidate
      const { workerId, leaseMs } = executor.post
      // The scheduler's own machine carries out what lies in its queue of the pool, too: that stays work of the pool.
      const name = live.queues[place.node] == null || !executor.post.own ? executor.name : 'pool'
      const attemptId = await tx.insertAttempt(
        { taskRunId, runId, n, kind, token, executor: name, workerId: workerId ?? this.#workerId },
        leaseMs,
      )
      outcome = { kind: 'taken', taken: { attemptId, token, n, live, ...place } }
      return [{ kind: 'claimed', ...place }]
    }
    const settle = (accepted: boolean): Outcome => {
      if (outcome.kind !== 'taken') return outcome
      if (!accepted) return { kind: 'gone' }
      const { attemptId: id, live } = outcome.taken
      this.#held.set(token, { id, runId: live.row.id, taskRunId: candidate.id, executor, record: null })
      return outcome
    }
    return { prepare, settle }
  }
}
