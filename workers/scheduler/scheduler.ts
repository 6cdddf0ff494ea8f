/**
 * The scheduler: admits runs, hands queued task runs to the executor, wakes retries, ends what must end. It is woken by
 * what it has itself written and by NOTIFY; a slow poll is the safety net. Any number may run on one database.
 */
import { randomUUID } from 'node:crypto'
import type { Logger } from 'pino'
import type { Database } from '#db/client.ts'
import { expiredAttempts, insertAttempt } from '#db/queries/attempt.ts'
import { workChannel } from '#db/queries/live.ts'
import {
  activeTasks,
  dueRetries,
  queuedRuns,
  queuedTaskRuns,
  runningRunIds,
  runningRuns,
  runsToStop,
} from '#db/queries/run-state.ts'
import { ExpressionError } from '#server/domain/expression/cel.ts'
import { conditionsHold } from '#server/domain/expression/render.ts'
import type { RunEvent } from '#server/domain/run/decide.ts'
import { itemAt } from '#server/domain/run/machine.ts'
import { attemptEnd, type Executor } from '../executors/executor.ts'
import { buildJob, type Claimed } from './attempt-job.ts'
import { DatabaseSink } from './attempt-sink.ts'
import type { LiveRun } from './live-run.ts'
import { RunAdvancer, type Advanced } from './run-advancer.ts'
import { viewerOf } from './run-facts.ts'
import { Wakeful } from './wakeful.ts'

/** ms between two looks when nothing wakes it. */
const pollMs = 2000

export class Scheduler {
  readonly sink: DatabaseSink
  readonly #db: Database
  readonly #log: Logger
  readonly #workerId: string
  readonly #runs: RunAdvancer
  readonly #loop: Wakeful
  #executor: Executor | null = null
  #unlisten: (() => Promise<void>) | null = null
  /** Tokens of attempts that this worker holds, by task run. */
  readonly #held = new Map<string, string>()

  constructor(db: Database, log: Logger, workerId: string) {
    this.#db = db
    this.#log = log
    this.#workerId = workerId
    this.#runs = new RunAdvancer(db, (advanced) => this.#afterAdvance(advanced))
    this.sink = new DatabaseSink(db, this.#runs)
    this.#loop = new Wakeful(
      () => this.#look(),
      pollMs,
      (error) => log.error({ err: error }, 'the scheduler could not look'),
    )
  }

  /** Starts to work. The executor writes into `sink`. */
  async start(executor: Executor): Promise<void> {
    this.#executor = executor
    const subscription = await this.#db.client.listen(workChannel, () => this.#loop.wake())
    this.#unlisten = () => subscription.unlisten()
    // A condition that was being evaluated when an earlier life ended is asked for again.
    for (const id of await runningRunIds(this.#db))
      await this.#runs.apply(id, () => Promise.resolve([{ kind: 'reconsidered' }]))
    this.#loop.wake()
  }

  /** Takes nothing new; resolves when what was under way is written. */
  async stop(): Promise<void> {
    await this.#unlisten?.()
    await this.#loop.stop()
    await this.#runs.idle()
  }

  /** The executor is rid of an attempt: there is room again. */
  released(token: string): void {
    for (const [taskRunId, held] of this.#held) if (held === token) this.#held.delete(taskRunId)
    this.#loop.wake()
  }

  async #look(): Promise<number | null> {
    await this.#stopRuns()
    await this.#rescue()
    const nextRetry = await this.#retry()
    await this.#admit()
    await this.#claim()
    return nextRetry
  }

  async #admit(): Promise<void> {
    for (const { id, dagId, max, cancelled } of await queuedRuns(this.#db, 200)) {
      await this.#runs.apply(id, async (tx) => {
        if (cancelled) return [{ kind: 'cancel_requested' }]
        return (await runningRuns(tx, dagId)) < max ? [{ kind: 'admitted' }] : null
      })
    }
  }

  async #stopRuns(): Promise<void> {
    for (const { id, why } of await runsToStop(this.#db)) {
      await this.#runs.apply(id, (_tx, live) => {
        if (live.machine.cancelRequested || live.machine.timedOut) return Promise.resolve(null)
        return Promise.resolve([why === 'cancel' ? { kind: 'cancel_requested' } : { kind: 'timed_out' }])
      })
    }
  }

  async #rescue(): Promise<void> {
    for (const token of await expiredAttempts(this.#db))
      await this.sink.ended(token, attemptEnd('lost', 'worker_lost', 'Its worker did not answer any more.'))
  }

  async #retry(): Promise<number | null> {
    const { due, nextMs } = await dueRetries(this.#db)
    for (const { id, runId } of due) {
      await this.#runs.apply(runId, (_tx, live) => {
        const place = live.places.get(id)
        return Promise.resolve(place === undefined ? null : [{ kind: 'due', ...place }])
      })
    }
    return nextMs
  }

  async #claim(): Promise<void> {
    const executor = this.#executor
    if (executor === null) return
    const free = executor.capacity - this.#held.size
    if (free <= 0) return
    const candidates = await queuedTaskRuns(this.#db, free * 4)
    for (const { id, runId } of candidates) {
      if (this.#held.size >= executor.capacity || this.#loop.stopped) return
      await this.#claimOne(executor, id, runId)
    }
  }

  async #claimOne(executor: Executor, taskRunId: string, runId: string): Promise<void> {
    const token = randomUUID()
    let claimed: (Claimed & { live: LiveRun }) | null = null
    const accepted = await this.#runs.apply(runId, async (tx, live) => {
      const place = live.places.get(taskRunId)
      if (place === undefined) return null
      const item = itemAt(live.machine, place.node, place.item)
      if (item.state !== 'queued' || live.machine.run !== 'running') return null
      const limit = live.identity.spec.limits.max_active_tasks
      if (limit !== null) {
        await runningRuns(tx, live.row.dagId)
        if ((await activeTasks(tx, live.row.dagId)) >= limit) return null
      }
      const n = item.attempts + 1
      const attemptId = await insertAttempt(tx, {
        taskRunId,
        runId,
        n,
        token,
        executor: executor.name,
        workerId: this.#workerId,
      })
      claimed = { attemptId, token, n, live, ...place }
      return [{ kind: 'claimed', ...place }]
    })
    if (!accepted || claimed === null) return
    this.#held.set(taskRunId, token)
    await this.#submit(executor, claimed)
  }

  async #submit(executor: Executor, claimed: Claimed & { live: LiveRun }): Promise<void> {
    const { live, node, item, token } = claimed
    try {
      const viewer = await viewerOf(this.#db, live, node, item)
      const job = await buildJob(this.#db, live, viewer, claimed)
      await executor.submit(job)
    } catch (error) {
      const end =
        error instanceof ExpressionError
          ? attemptEnd('failed', 'expression_error', error.message)
          : attemptEnd('lost', 'infrastructure_unknown', 'It could not be handed to its executor.')
      if (!(error instanceof ExpressionError))
        this.#log.error({ err: error, token }, 'an attempt could not be submitted')
      await this.sink.ended(token, end)
      this.released(token)
    }
  }

  #afterAdvance({ live, actions, queued }: Advanced): void {
    for (const action of actions) {
      const taskRunId = live.ids[action.node]?.[action.item] ?? ''
      const token = this.#held.get(taskRunId)
      if (action.kind === 'end_attempt' && token !== undefined)
        this.#executor?.cancel(token, live.machine.timedOut ? 'timeout' : 'cancel')
    }
    const conditions = actions.filter((action) => action.kind === 'evaluate_conditions')
    if (conditions.length > 0)
      this.#evaluate(live, conditions).catch((error: unknown) =>
        this.#log.error({ err: error, run: live.row.id }, 'conditions could not be evaluated'),
      )
    if (queued || live.machine.run !== 'running') this.#loop.wake()
  }

  async #evaluate(live: LiveRun, places: { node: number; item: number }[]): Promise<void> {
    const events: RunEvent[] = []
    for (const { node, item } of places) {
      const viewer = await viewerOf(this.#db, live, node, item)
      events.push({ kind: 'condition', node, item, result: resultOf(() => conditionsHold(viewer)) })
    }
    await this.#runs.apply(live.row.id, () => Promise.resolve(events))
  }
}

function resultOf(work: () => boolean): 'true' | 'false' | { error: string } {
  try {
    return work() ? 'true' : 'false'
  } catch (error) {
    if (error instanceof ExpressionError) return { error: error.message }
    throw error
  }
}
