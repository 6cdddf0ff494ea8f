/** What executors write: every call is fenced by its token, and an end advances the run in the same transaction. */
import { randomInt } from 'node:crypto'
import type { Database } from '#db/client.ts'
import {
  endAttempt,
  findLiveAttempt,
  heartbeat,
  insertResults,
  markRunning,
  markSubmitted,
} from '#db/queries/attempt.ts'
import { announce } from '#db/queries/live.ts'
import { insertLogChunk } from '#db/queries/log.ts'
import { leaseMs } from '#server/config/lease.ts'
import type { Json } from '#server/domain/json.ts'
import { within } from '#server/services/within.ts'
import type { LogChunkRow } from '#server/storage/logs/log-writer.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { ExpressionError } from '#server/domain/expression/cel.ts'
import { retryAllowed } from '#server/domain/expression/render.ts'
import { decideWhether, type ItemRef } from '#server/domain/run/decide.ts'
import { itemAt } from '#server/domain/run/machine.ts'
import type { AttemptOutcome } from '#server/domain/run/retry.ts'
import type { AttemptEnd, AttemptSink } from '../executors/executor.ts'
import { tooSlow } from './attempt-job.ts'
import type { LiveRun } from './live-run.ts'
import type { RunAdvancer } from './run-advancer.ts'

const spread = () => randomInt(2 ** 32) / 2 ** 32

/** The end as the core sees it, with what `retry_if` says of it. */
function outcomeOf(end: AttemptEnd, live: LiveRun, { node, item }: ItemRef): AttemptOutcome {
  const { state, reason, message, exitCode } = end
  const task = live.identity.spec.tasks[node]
  let retry: AttemptOutcome['retry'] = true
  if (state === 'failed' && task !== undefined)
    try {
      const { attempts: attempt } = itemAt(live.machine, node, item)
      retry = within(() => retryAllowed(task, { exitCode, reason, attempt }), tooSlow)
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      retry = { error: error.message }
    }
  return { state, reason, message, exitCode, retry }
}

export class DatabaseSink implements AttemptSink {
  readonly #db: Database
  readonly #runs: RunAdvancer

  constructor(db: Database, runs: RunAdvancer) {
    this.#db = db
    this.#runs = runs
  }

  async submitted(token: string, handle: Record<string, Json>): Promise<boolean> {
    return markSubmitted(this.#db, token, handle)
  }

  async passGate(token: string, handle: Record<string, Json>): Promise<boolean> {
    const key = await findLiveAttempt(this.#db, token)
    if (key === null) return false
    const asked = performance.now()
    const passed = await this.#runs.apply(key.runId, async (tx, live) => {
      const place = live.places.get(key.taskRunId)
      if (place === undefined) return null
      const passing = { kind: 'gate_passed', ...place } as const
      // A cancel closes the gate, unless it is clean-up (R17), and so does a mark by hand: what has not started does not start.
      if (!decideWhether(live.machine, passing)) return null
      return (await markRunning(tx, token, handle)) ? [passing] : null
    })
    // Whoever was paused meanwhile may have been taken for lost, and its run may be over.
    if (passed && performance.now() - asked > leaseMs / 3)
      throw new DagbokError('internal', 'Its start gate answered too late to be believed.')
    return passed
  }

  async appendLog(token: string, chunk: LogChunkRow): Promise<boolean> {
    const key = await findLiveAttempt(this.#db, token)
    if (key === null) return false
    await this.#db.transaction(async (tx) => {
      await insertLogChunk(tx, key.id, chunk)
      await announce(tx, [`log:${key.id}`])
    })
    return true
  }

  async ended(token: string, end: AttemptEnd): Promise<boolean> {
    const key = await findLiveAttempt(this.#db, token)
    if (key === null) return false
    const { outputs, metrics, values, ...row } = end
    return this.#runs.apply(key.runId, async (tx, live) => {
      const place = live.places.get(key.taskRunId)
      if (place === undefined || !(await endAttempt(tx, token, row))) return null
      if (end.state === 'succeeded' || end.state === 'failed')
        await insertResults(tx, key.id, {
          outputs: end.state === 'succeeded' ? outputs : [],
          metrics,
          values,
        })
      return [
        {
          kind: 'attempt_ended',
          ...place,
          outcome: outcomeOf(end, live, place),
          random: spread(),
        },
      ]
    })
  }

  async heartbeat(tokens: string[]): Promise<Map<string, 'go_on' | 'cancel' | 'fenced'>> {
    const known = await heartbeat(this.#db, tokens, leaseMs)
    return new Map(tokens.map((token) => [token, known.get(token) ?? 'fenced']))
  }
}
