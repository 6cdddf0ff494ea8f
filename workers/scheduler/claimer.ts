/**
 * Hands queued task runs out: asks limits and pools under their locks, makes the attempt, and gives it to the executor.
 * What one look claims of one run is one transaction.
 */
import type { Logger } from 'pino'
import type { Candidate } from '#db/queries/claim.ts'
import type { SchedulingStore, Session } from '#db/scheduling-store.ts'
import { failpoint } from '#server/config/failpoint.ts'
import { ExpressionError } from '#server/domain/expression/cel.ts'
import { recordOf, type Handed } from '#server/domain/run/attempt-record.ts'
import { hasPlace, hasSlots } from '#server/domain/run/claim.ts'
import { isShut } from '#server/domain/run/decide.ts'
import { itemAt } from '#server/domain/run/machine.ts'
import { attemptEnd, type Executor } from '../executors/executor.ts'
import { buildJob, type Claimed } from './attempt-job.ts'
import type { DatabaseSink } from './attempt-sink.ts'
import type { Effects } from './effects.ts'
import type { HeldAttempts } from './held-attempts.ts'
import type { Isolation } from './isolation.ts'
import type { LiveRun } from './live-run.ts'
import type { Batch, RunAdvancer } from './run-advancer.ts'
import { viewerOf } from './run-facts.ts'

interface Taken extends Claimed {
  live: LiveRun
}

/** Rounds of one look in which something was claimed. */
const longest = 4

/** What came of a candidate: taken, gone, or held back by a limit of its run, its task, its pool. */
type Outcome = { kind: 'taken'; taken: Taken } | { kind: 'gone' | 'run_limit' | 'task_limit' | 'pool_limit' }

export class Claimer {
  readonly #store: SchedulingStore
  readonly #log: Logger
  readonly #workerId: string
  readonly #runs: RunAdvancer
  readonly #sink: DatabaseSink
  readonly #isolation: Isolation
  readonly #effects: Pick<Effects, 'token' | 'within'>
  readonly #held: HeldAttempts
  readonly #submitting = new Set<Promise<void>>()

  constructor(given: {
    store: SchedulingStore
    log: Logger
    workerId: string
    runs: RunAdvancer
    sink: DatabaseSink
    isolation: Isolation
    effects: Pick<Effects, 'token' | 'within'>
    held: HeldAttempts
  }) {
    this.#store = given.store
    this.#log = given.log
    this.#workerId = given.workerId
    this.#runs = given.runs
    this.#sink = given.sink
    this.#isolation = given.isolation
    this.#effects = given.effects
    this.#held = given.held
  }

  /** Resolves when what was taken has been handed to the executor. */
  async idle(): Promise<void> {
    while (this.#submitting.size > 0) await Promise.all(this.#submitting)
  }

  #follow(submission: Promise<void>): void {
    this.#submitting.add(submission)
    void submission.finally(() => this.#submitting.delete(submission))
  }

  /** Asks for the end of the attempts of this task run that were handed out here. */
  cancel(taskRunId: string, why: 'cancel' | 'timeout'): void {
    for (const [token, held] of this.#held) if (held.taskRunId === taskRunId) held.executor.cancel(token, why)
  }

  released(token: string): void {
    this.#held.delete(token)
  }

  #heldBy(executor: Executor): number {
    let count = 0
    for (const held of this.#held.values()) if (held.executor === executor) count++
    return count
  }

  /**
   * Claims as much as the executor has room for. What a limit holds back is passed by, not waited for.
   * @returns whether there may be more: other executors wait for this look, too
   */
  async claim(executor: Executor, stopped: () => boolean): Promise<boolean> {
    const blocked = { runs: new Set(this.#isolation.resting()), tasks: new Set<string>() }
    for (let rounds = 0; ;) {
      const free = executor.capacity - this.#heldBy(executor)
      if (free <= 0 || stopped()) return false
      const candidates = await this.#store.claimable(free, blocked, executor.post)
      if (candidates.length === 0) return false
      const outcomes = await Promise.all(
        candidates.map((one) =>
          // What others of this look have taken is submitted all the same; the next question meets the outage.
          this.#isolation.attempt(one.runId, () => this.#take(executor, one)).catch(() => null),
        ),
      )
      for (const [i, outcome] of outcomes.entries()) {
        const candidate = candidates[i]
        if (candidate === undefined || outcome?.kind === 'taken') continue
        if (outcome === null || outcome.kind === 'run_limit') blocked.runs.add(candidate.runId)
        else blocked.tasks.add(`${candidate.runId} ${candidate.task}`)
      }
      const taken = outcomes.flatMap((outcome) => (outcome?.kind === 'taken' ? [outcome.taken] : []))
      for (const one of taken) this.#follow(this.#submit(executor, one))
      if (taken.length > 0 && ++rounds === longest) return true
    }
  }

  async #take(executor: Executor, candidate: Candidate): Promise<Outcome> {
    const token = this.#effects.token()
    const said: { outcome: Outcome } = { outcome: { kind: 'gone' } }
    const accepted = await this.#runs.applyClaim(candidate.runId, async (tx, live, batch) => {
      const place = live.places.get(candidate.id)
      if (place === undefined) return null
      const item = itemAt(live.machine, place.node, place.item)
      if (item.state !== 'queued' || live.machine.run !== 'running' || isShut(live.machine, place.node))
        return null
      // Its time is over: the next sweep ends it.
      const { now } = live.row
      if ([item.dueAt, live.machine.dueAt].some((at) => at != null && at <= now)) return null
      const limit = await this.#limitOf(tx, live, place.node, candidate, batch)
      if (limit !== null) {
        said.outcome = { kind: limit }
        return null
      }
      const n = item.attempts + 1
      const kind = live.machine.plan.nodes[place.node]?.policy.poll == null ? 'main' : 'probe'
      const { id: taskRunId, runId } = candidate
      const { workerId, leaseMs } = executor.post
      // The scheduler's own machine carries out what lies in its queue of the pool, too: that stays work of the pool.
      const pooled = live.identity.spec.tasks[place.node]?.executor === 'pool'
      const name = pooled ? 'pool' : executor.name
      const attemptId = await tx.insertAttempt(
        { taskRunId, runId, n, kind, token, executor: name, workerId: workerId ?? this.#workerId },
        leaseMs,
      )
      said.outcome = { kind: 'taken', taken: { attemptId, token, n, live, ...place } }
      return [{ kind: 'claimed', ...place }]
    })
    const { outcome } = said
    if (outcome.kind !== 'taken') return outcome
    if (!accepted) return { kind: 'gone' }
    const { attemptId: id, live } = outcome.taken
    this.#held.set(token, { id, runId: live.row.id, taskRunId: candidate.id, executor, record: null })
    return outcome
  }

  /** Asks the limits, with their rows locked; `batch` knows what this transaction has taken before. */
  async #limitOf(
    tx: Session,
    live: LiveRun,
    node: number,
    candidate: Candidate,
    batch: Batch,
  ): Promise<'run_limit' | 'task_limit' | 'pool_limit' | null> {
    const { maxParallel } = live.machine.plan.nodes[node] ?? { maxParallel: null }
    if (!hasPlace(maxParallel, live.machine.active[node] ?? 0)) return 'task_limit'
    const most = live.identity.spec.limits.max_active_tasks
    if (most !== null) {
      await tx.lockDag(live.row.dagId)
      if (!hasPlace(most, (await tx.activeTasks(live.row.versionId)) + batch.tasks)) return 'run_limit'
    }
    const pool = live.identity.spec.tasks[node]?.pool == null ? null : await tx.lockPoolOf(candidate.id)
    if (pool !== null) {
      const taken = batch.slots.get(pool.pool) ?? 0
      if (!hasSlots({ slots: pool.free, used: taken }, pool.slots)) return 'pool_limit'
      batch.slots.set(pool.pool, taken + pool.slots)
    }
    batch.tasks++
    return null
  }

  /** What it was given stays with it. An attempt does not fail for it. */
  async #keep({ attemptId, token }: Claimed, executor: Executor, given: Handed): Promise<void> {
    const record = recordOf(given)
    const held = this.#held.get(token)
    // Its gate is asked by this life of the process, or never: it is kept with that.
    if (executor.post.own && held !== undefined) {
      held.record = record
      return
    }
    try {
      await this.#store.saveRecord(attemptId, record)
    } catch (error) {
      this.#log.error({ err: error, attempt: attemptId }, 'what an attempt was given could not be kept')
    }
  }

  async #submit(executor: Executor, { live, node, item, ...claimed }: Taken): Promise<void> {
    const { token } = claimed
    try {
      await failpoint('attempt.claim.after-record', live.machine.plan.nodes[node]?.task)
      const viewer = await viewerOf(this.#store, live, node, item)
      const job = await buildJob(this.#store, live, viewer, { ...claimed, node, item }, this.#effects.within)
      const given = { ...job, params: live.row.params }
      await Promise.all([this.#keep({ ...claimed, node, item }, executor, given), executor.submit(job)])
    } catch (error) {
      const end =
        error instanceof ExpressionError
          ? attemptEnd('failed', 'expression_error', error.message)
          : attemptEnd('lost', 'infrastructure_unknown', 'It could not be handed to its executor.')
      if (!(error instanceof ExpressionError))
        this.#log.error({ err: error, token }, 'an attempt could not be submitted')
      try {
        await this.#sink.ended(token, end)
      } catch (failure) {
        // Its lease runs out, and it is taken for lost.
        this.#log.error({ err: failure, token }, 'the end of an attempt could not be written')
      }
      this.released(token)
    }
  }
}
