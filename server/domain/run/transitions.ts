/** Which state follows which: the table of engine.md for task runs. Whatever is not in it is refused. */
import type { TaskRunState } from './states.ts'

export const taskRunTransitions: Record<TaskRunState, readonly TaskRunState[]> = {
  waiting: ['queued', 'succeeded', 'failed', 'skipped', 'upstream_failed', 'awaiting_input', 'cancelled'],
  queued: ['starting', 'succeeded', 'failed', 'skipped', 'cancelled'],
  starting: ['running', 'retrying', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled'],
  running: ['retrying', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled'],
  retrying: ['queued', 'succeeded', 'failed', 'skipped', 'cancelled'],
  awaiting_input: ['succeeded', 'failed', 'skipped', 'cancelled'],
  succeeded: [],
  failed: [],
  skipped: [],
  upstream_failed: [],
  cancelled: [],
}

export const mayFollow = (from: TaskRunState, to: TaskRunState): boolean =>
  taskRunTransitions[from].includes(to)
