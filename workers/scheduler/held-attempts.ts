/** Attempts that were handed out here, by token: a task run may have a next one before that is over. */
import type { AttemptKey } from '#db/queries/attempt.ts'
import type { Given } from '#server/domain/run/attempt-record.ts'
import type { Executor } from '../executors/executor.ts'

export interface HeldAttempt extends AttemptKey {
  /** Where it holds a place. */
  executor: Executor
  /** What it was given, until that is kept. */
  record: Given | null
}

export type HeldAttempts = Map<string, HeldAttempt>
