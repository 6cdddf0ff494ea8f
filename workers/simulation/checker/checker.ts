/** Reads a history as it is written and says which promise is broken, by whom, when. It knows nothing of how the product works. */
import type { Entry } from '../history.ts'
import type { Change, Rows, Tables } from '../store/tables.ts'
import { limitFaults } from './limits.ts'

export interface Violation {
  /** `simulation`: it came to no verdict. */
  promise: 'R1' | 'R2' | 'R3' | 'R4' | 'R9' | 'R17' | 'simulation'
  at: number
  text: string
}

type Commit = Extract<Entry, { kind: 'committed' }>

/** ms between the start gate and the code: a gate whose answer took longer is not trusted. */
const gateMs = 15_000
const terminalAttempts: readonly string[] = ['succeeded', 'failed', 'lost', 'cancelled']
const terminalRuns: readonly string[] = ['succeeded', 'failed', 'cancelled']

export class Checker {
  readonly violations: Violation[] = []
  readonly #tables: Tables
  readonly #parallelism: number | null
  readonly #starts = new Map<string, number>()
  /** When each attempt passed the gate. */
  readonly #gates = new Map<string, number>()

  /** Those whose task was over in the transaction of their gate: whoever asked was told of that. */
  readonly #stillborn = new Set<string>()

  /** @param parallelism of the deployment */
  constructor(tables: Tables, parallelism: number | null) {
    this.#tables = tables
    this.#parallelism = parallelism
  }

  broken(promise: Violation['promise'], at: number, text: string): void {
    this.violations.push({ promise, at, text })
  }

  see(entry: Entry): void {
    if (entry.kind === 'code_started') return this.#codeStarted(entry)
    if (entry.kind !== 'committed') return
    for (const change of entry.changes) this.#changed(change, entry)
    for (const text of limitFaults(this.#tables, entry.changes, this.#parallelism))
      this.broken('R4', entry.at, `${entry.who}: ${text}`)
  }

  #codeStarted({ attemptId, runId, task, n, at, who }: Extract<Entry, { kind: 'code_started' }>): void {
    const what = `${who}: code of ${runId} ${task} n=${n} (${attemptId})`
    const starts = (this.#starts.get(attemptId) ?? 0) + 1
    this.#starts.set(attemptId, starts)
    if (starts > 1) this.broken('R1', at, `${what} started ${starts} times`)
    const gate = this.#gates.get(attemptId)
    if (gate === undefined) return this.broken('R1', at, `${what} started without its gate`)
    if (this.#stillborn.has(attemptId))
      this.broken('R3', at, `${what} started, and its task ended with its gate`)
    const attempt = this.#tables.attempt.get(attemptId)
    if (at - gate > gateMs)
      this.broken('R1', at, `${what} started ${Math.round(at - gate)} ms after its gate`)
    if (attempt?.endedAt != null)
      this.broken('R1', at, `${what} started when the attempt was ${attempt.state}`)
    const run = this.#tables.run.get(runId)
    // A mark by hand waits for nobody: between its gate and its code, an attempt cannot know that it was given up (decision 6).
    if (run?.state === 'cancelled' && !this.#wasMarked(attemptId))
      this.broken('R17', at, `${what} started in a run that was cancelled`)
  }

  #wasMarked(attemptId: string): boolean {
    const { taskRunId = '' } = this.#tables.attempt.get(attemptId) ?? {}
    return this.#tables.taskRun.get(taskRunId)?.reason === 'marked'
  }

  #changed({ table, id, before, after }: Change, entry: Commit): void {
    const { at, who } = entry
    if (table === 'attempt') this.#attempt(id, before as never, after as never, entry)
    if (table === 'taskRun') this.#final(id, before as never, after as never, at, who)
    if (table === 'run') this.#final(id, before as never, after as never, at, who)
    if (table === 'run' && before === undefined) this.#newRun(after as Rows['run'], at, who)
    if (table === 'run') this.#left(before as never, after as never, at, who)
  }

  /** A run is over when nothing of it is left; only what was marked by hand did not wait for its attempt. */
  #left(before: Rows['run'] | undefined, after: Rows['run'] | null, at: number, who: string): void {
    if (after === null || before?.endedAt != null || after.endedAt === null) return
    for (const { id, runId, endedAt } of this.#tables.attempt.values())
      if (runId === after.id && endedAt === null && !this.#wasMarked(id))
        this.broken('R17', at, `${who}: ${runId} is ${after.state}, and ${id} is not over`)
  }

  /** What has ended stays as it is. */
  #final(
    id: string,
    before: { state: string; endedAt: Date | null; reason: string | null } | undefined,
    after: { state: string; reason: string | null } | null,
    at: number,
    who: string,
  ): void {
    if (before === undefined || before.endedAt === null) return
    if (after?.state !== before.state || after.reason !== before.reason)
      this.broken('R3', at, `${who}: ${id} ended ${before.state}, and is ${after?.state ?? 'gone'}`)
  }

  #attempt(
    id: string,
    before: Rows['attempt'] | undefined,
    after: Rows['attempt'] | null,
    entry: Commit,
  ): void {
    if (after === null) return
    const { at, who } = entry
    this.#final(id, before, after, at, who)
    if (before !== undefined && terminalAttempts.includes(before.state) && before.results !== after.results)
      this.broken('R3', at, `${who}: results of ${id} were written after its end`)
    if (before === undefined) this.#claimed(after, at, who)
    if (before?.state !== 'running' && after.state === 'running') this.#passed(after, entry)
  }

  #claimed(attempt: Rows['attempt'], at: number, who: string): void {
    const others = [...this.#tables.attempt.values()].filter(
      (one) => one.taskRunId === attempt.taskRunId && one.id !== attempt.id,
    )
    for (const { id, n, endedAt } of others)
      if (endedAt === null || n === attempt.n)
        this.broken(
          'R1',
          at,
          `${who}: ${attempt.id} (n=${attempt.n}) beside ${id} (n=${n}) of ${attempt.taskRunId}`,
        )
    const run = this.#tables.run.get(attempt.runId)
    if (run !== undefined && terminalRuns.includes(run.state))
      this.broken('R17', at, `${who}: ${attempt.id} was made in ${run.id}, which is ${run.state}`)
  }

  #passed({ id, runId, taskRunId }: Rows['attempt'], { at, who, changes }: Commit): void {
    if (this.#gates.has(id)) this.broken('R1', at, `${who}: ${id} passed its gate again`)
    this.#gates.set(id, at)
    if (this.#tables.taskRun.get(taskRunId)?.endedAt != null) this.#stillborn.add(id)
    // As it was before: the executor hears in one answer that the gate is passed, and that the attempt is to end.
    const changed = changes.find((change) => change.table === 'run' && change.id === runId)
    const run = (changed?.before as Rows['run'] | undefined) ?? this.#tables.run.get(runId)
    const cleanup = this.#tables.taskRun.get(taskRunId)?.cleanup === true
    if (run === undefined) return
    const shut = run.cancelForced || ((run.cancelRequestedAt !== null || run.stopping !== null) && !cleanup)
    if (shut || terminalRuns.includes(run.state))
      this.broken(
        'R17',
        at,
        `${who}: ${id} of ${taskRunId} passed its gate after the end of ${runId} was asked`,
      )
  }

  #newRun(run: Rows['run'], at: number, who: string): void {
    if (run.trigger !== 'schedule') return
    for (const { id, dagId, schedule, logicalDate, trigger } of this.#tables.run.values())
      if (
        id !== run.id &&
        trigger === 'schedule' &&
        dagId === run.dagId &&
        schedule === run.schedule &&
        logicalDate?.getTime() === run.logicalDate?.getTime()
      )
        this.broken(
          'R9',
          at,
          `${who}: ${run.id} and ${id} are for the same tick ${logicalDate?.toISOString()}`,
        )
  }
}
