/** Gives what was claimed to its executor, rendered. What cannot be given ends at once. */
import type { Logger } from 'pino'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { failpoint } from '#server/config/failpoint.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { ExpressionError } from '#server/domain/expression/cel.ts'
import { recordOf, type Handed } from '#server/domain/run/attempt-record.ts'
import { attemptEnd, type AttemptEnd, type Executor } from '../executors/executor.ts'
import { buildJob, type Claimed } from './attempt-job.ts'
import type { DatabaseSink } from './attempt-sink.ts'
import type { Effects } from './effects.ts'
import type { HeldAttempts } from './held-attempts.ts'
import type { LiveRun } from './live-run.ts'
import { viewerOf } from './run-facts.ts'

export interface Taken extends Claimed {
  live: LiveRun
}

/** Its author or its team can mend it, or nobody here can. */
function endOfUnsubmitted(error: unknown): AttemptEnd {
  if (error instanceof ExpressionError) return attemptEnd('failed', 'expression_error', error.message)
  if (error instanceof DagbokError && error.code === 'bad_input')
    return attemptEnd('failed', 'bad_config', error.message)
  const why = error instanceof DagbokError ? error.message : 'It could not be handed to its executor.'
  return attemptEnd('lost', 'infrastructure_unknown', why)
}

export class Submitter {
  readonly #store: SchedulingStore
  readonly #log: Logger
  readonly #sink: DatabaseSink
  readonly #effects: Pick<Effects, 'within' | 'secrets'>
  readonly #held: HeldAttempts
  readonly #submitting = new Set<Promise<void>>()

  constructor(given: {
    store: SchedulingStore
    log: Logger
    sink: DatabaseSink
    effects: Pick<Effects, 'within' | 'secrets'>
    held: HeldAttempts
  }) {
    this.#store = given.store
    this.#log = given.log
    this.#sink = given.sink
    this.#effects = given.effects
    this.#held = given.held
  }

  /** Begins to hand it over. */
  submit(executor: Executor, taken: Taken): void {
    const submission = this.#handOver(executor, taken)
    this.#submitting.add(submission)
    void submission.finally(() => this.#submitting.delete(submission))
  }

  /** Resolves when all that was begun has been handed over. */
  async idle(): Promise<void> {
    while (this.#submitting.size > 0) await Promise.all(this.#submitting)
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

  async #handOver(executor: Executor, { live, node, item, ...claimed }: Taken): Promise<void> {
    const { token } = claimed
    try {
      await failpoint('attempt.claim.after-record', live.machine.plan.nodes[node]?.task)
      const viewer = await viewerOf(this.#store, live, node, item)
      const built = await buildJob(
        this.#store,
        live,
        viewer,
        { ...claimed, node, item },
        this.#effects.within,
      )
      const { secrets: names } = viewer.task
      const job =
        names === undefined ? built : { ...built, secrets: await this.#effects.secrets(live.row.id, names) }
      const given = { ...job, params: live.row.params }
      await Promise.all([this.#keep({ ...claimed, node, item }, executor, given), executor.submit(job)])
    } catch (error) {
      const end = endOfUnsubmitted(error)
      if (end.state === 'lost') this.#log.error({ err: error, token }, 'an attempt could not be submitted')
      try {
        await this.#sink.ended(token, end)
      } catch (failure) {
        // Its lease runs out, and it is taken for lost.
        this.#log.error({ err: failure, token }, 'the end of an attempt could not be written')
      }
      this.#held.delete(token)
    }
  }
}
