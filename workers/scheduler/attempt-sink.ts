/** What executors write: every call is fenced by its token, and an end advances the run in the same transaction. */
import { wasUndone } from '#db/client.ts'
import { isOutage } from '#db/outage.ts'
import type { AttemptKey } from '#db/queries/attempt.ts'
import type { SchedulingStore } from '#db/scheduling-store.ts'
import { answeredTooLate, gateMs, leaseMs } from '#server/config/lease.ts'
import type { Json } from '#server/domain/json.ts'
import type { LogChunkRow } from '#server/storage/logs/log-writer.ts'
import { ExpressionError } from '#server/domain/expression/cel.ts'
import { retryAllowed } from '#server/domain/expression/render.ts'
import { decideWhether, type ItemRef } from '#server/domain/run/decide.ts'
import { itemAt } from '#server/domain/run/machine.ts'
import { isTerminalTaskRun } from '#server/domain/run/states.ts'
import type { Given } from '#server/domain/run/attempt-record.ts'
import type { AttemptOutcome } from '#server/domain/run/retry.ts'
import type { AttemptEnd, AttemptSink } from '../executors/executor.ts'
import { tooSlow } from './attempt-job.ts'
import type { Effects } from './effects.ts'
import type { HeldAttempts } from './held-attempts.ts'
import type { LiveRun } from './live-run.ts'
import type { RunAdvancer } from './run-advancer.ts'

/** The end as the core sees it, with what `retry_if` says of it. */
function outcomeOf(
  end: AttemptEnd,
  live: LiveRun,
  { node, item }: ItemRef,
  within: Effects['within'],
): AttemptOutcome {
  const { state, reason, message, exitCode } = end
  const task = live.identity.spec.tasks[node]
  let retry: AttemptOutcome['retry'] = true
  if (state === 'failed' && task !== undefined)
    try {
      const { attempts: attempt } = itemAt(live.machine, node, item)
      if (task.retry_if !== null)
        retry = within(() => retryAllowed(task, { exitCode, reason, attempt }), tooSlow)
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error
      retry = { error: error.message }
    }
  return { state, reason, message, exitCode, retry }
}

export class DatabaseSink implements AttemptSink {
  readonly #store: SchedulingStore
  readonly #runs: RunAdvancer
  readonly #held: HeldAttempts
  readonly #effects: Pick<Effects, 'random' | 'within' | 'sinceBoot'>

  constructor(
    store: SchedulingStore,
    runs: RunAdvancer,
    held: HeldAttempts,
    effects: Pick<Effects, 'random' | 'within' | 'sinceBoot'>,
  ) {
    this.#store = store
    this.#runs = runs
    this.#held = held
    this.#effects = effects
  }

  async submitted(token: string, handle: Record<string, Json>): Promise<boolean> {
    return this.#store.markSubmitted(token, handle)
  }

  /** Whose attempt this token is. Of one that is held here the database is not asked: whether it lives, its writes find out. */
  async #keyOf(token: string): Promise<AttemptKey | null> {
    return this.#held.get(token) ?? (await this.#store.findLiveAttempt(token))
  }

  async passGate(token: string, handle: Record<string, Json>): Promise<boolean> {
    const key = await this.#keyOf(token)
    if (key === null) return false
    const asked = this.#effects.sinceBoot()
    let stateNow = (): string => 'waiting'
    const passed = await this.#runs.apply(key.runId, async (tx, live) => {
      const place = live.places.get(key.taskRunId)
      if (place === undefined) return null
      stateNow = () => itemAt(live.machine, place.node, place.item).state
      const passing = { kind: 'gate_passed', ...place } as const
      // A cancel closes the gate, unless it is clean-up (R17), and so does a mark by hand: what has not started does not start.
      if (!decideWhether(live.machine, passing)) return null
      const write = (record: Given | null) => tx.markRunning(token, { handle, record }, leaseMs)
      return (await this.#withRecord(token, write)) ? [passing] : null
    })
    if (passed) this.#isKept(token)
    // Whoever was paused meanwhile, or whose machine slept, may have been taken for lost, and its run may be over.
    if (passed && this.#effects.sinceBoot() - asked > gateMs) throw answeredTooLate()
    // One transaction may have passed it and then ended the attempt: its lease was over, or somebody marked its task.
    return passed && stateNow() === 'running'
  }

  /** What an attempt was given goes with the write. Where that fails for it, it is given up: the next write goes without. */
  async #withRecord<T>(token: string, write: (record: Given | null) => Promise<T>): Promise<T> {
    const { record = null } = this.#held.get(token) ?? {}
    try {
      return await write(record)
    } catch (error) {
      if (record !== null && !isOutage(error) && !wasUndone(error)) this.#isKept(token)
      throw error
    }
  }

  #isKept(token: string): void {
    const held = this.#held.get(token)
    if (held !== undefined) held.record = null
  }

  async appendLog(token: string, chunk: LogChunkRow): Promise<boolean> {
    return this.#store.insertLogChunk(token, chunk)
  }

  async ended(token: string, end: AttemptEnd): Promise<boolean> {
    const key = await this.#keyOf(token)
    if (key === null) return false
    const { outputs, metrics, values, ...row } = end
    return this.#runs.apply(key.runId, async (tx, live) => {
      const place = live.places.get(key.taskRunId)
      if (place === undefined) return null
      if (!(await this.#withRecord(token, (record) => tx.endAttempt(token, row, record)))) return null
      if (end.state === 'succeeded' || end.state === 'failed')
        await tx.insertResults(key.id, {
          outputs: end.state === 'succeeded' ? outputs : [],
          metrics,
          values,
        })
      // A task that a person has marked changes no more with it; who looks at the attempt is told all the same.
      if (isTerminalTaskRun(itemAt(live.machine, place.node, place.item).state))
        await tx.announce([`run:${key.runId}`])
      return [
        {
          kind: 'attempt_ended',
          ...place,
          outcome: outcomeOf(end, live, place, this.#effects.within),
          random: this.#effects.random(),
        },
      ]
    })
  }

  async heartbeat(tokens: string[]): Promise<Map<string, 'go_on' | 'cancel' | 'fenced'>> {
    const known = await this.#store.heartbeat(tokens, leaseMs)
    return new Map(tokens.map((token) => [token, known.get(token) ?? 'fenced']))
  }
}
