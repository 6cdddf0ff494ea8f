/** States and reasons of engine.md. One tuple feeds TypeScript, zod and the Postgres enum. */
export const runStates = ['queued', 'running', 'succeeded', 'failed', 'cancelled'] as const
export type RunState = (typeof runStates)[number]

export const taskRunStates = [
  'waiting',
  'queued',
  'starting',
  'running',
  'retrying',
  'awaiting_input',
  'succeeded',
  'failed',
  'skipped',
  'upstream_failed',
  'cancelled',
] as const
export type TaskRunState = (typeof taskRunStates)[number]

export const attemptStates = [
  'created',
  'submitted',
  'running',
  'succeeded',
  'failed',
  'lost',
  'cancelled',
] as const
export type AttemptState = (typeof attemptStates)[number]

/** Airflow's, with its meanings. */
export const triggerRules = [
  'all_success',
  'all_failed',
  'all_done',
  'all_done_min_one_success',
  'all_skipped',
  'one_failed',
  'one_success',
  'one_done',
  'none_failed',
  'none_failed_min_one_success',
  'none_skipped',
  'always',
] as const
export type TriggerRule = (typeof triggerRules)[number]

/** `probe`: one look of a `poll` task. */
export const attemptKinds = ['main', 'probe'] as const
export type AttemptKind = (typeof attemptKinds)[number]

/** What happens when a run is due while others of its DAG are active. */
export const runStrategies = [
  'parallel',
  'sequential',
  'strict_sequential',
  'first_only',
  'last_only',
  'serial_latest_only',
] as const
export type RunStrategy = (typeof runStrategies)[number]

export const runTriggers = [
  'manual',
  'api',
  'schedule',
  'push',
  'seed',
  'backfill',
  'webhook',
  'success_of',
  'outputs',
] as const
export type RunTrigger = (typeof runTriggers)[number]

export const runVerbs = ['rerun', 'recover', 'fork'] as const
export type RunVerb = (typeof runVerbs)[number]

/** Why a run, task run or attempt is in its state: a closed list with one sentence each. */
export const reasons = {
  condition_false: 'Its `if` was false.',
  upstream_skipped: 'A task it needs was skipped.',
  user_error: 'The command ended with an exit code other than 0.',
  missing_output: 'A declared output was not there when the command had ended.',
  expression_error: 'An expression could not be evaluated.',
  oom: 'It used more memory than it was given.',
  timeout: 'It took longer than its timeout.',
  evicted: 'Its pod was evicted from the node.',
  preempted: 'Its pod made room for one of higher priority.',
  node_lost: 'Its node was lost.',
  image_pull: 'Its image could not be pulled.',
  unschedulable: 'No node could take it.',
  bad_config: 'It could not be started as it is configured.',
  worker_lost: 'Its worker was lost.',
  worker_stopped: 'Its worker was stopped.',
  deleted_by_hand: 'Its pod was deleted by someone.',
  infrastructure_unknown: 'It ended for a reason the infrastructure did not tell.',
  reused: 'Its result was taken from an earlier run.',
  replaced_by_test: 'A test gave its result.',
  marked: 'It was marked by hand.',
  queue_timeout: 'It waited in the queue longer than allowed.',
  deadline: 'All its attempts together took longer than its deadline.',
  rule_not_met: 'Its trigger rule can no longer hold.',
  storage: 'Its logs or outputs could not be stored.',
  fault_injected: 'A fault was injected.',
  cancel_requested: 'Someone cancelled the run.',
  task_failed: 'A task failed.',
  killed: 'A signal ended it.',
  skip_exit_code: 'It ended with one of its `skip_exit_codes`.',
  not_latest: 'A newer tick of its schedule is due.',
  no_items: 'There was nothing to expand it over.',
  rejected: 'Someone answered no.',
  wait_timeout: 'What it waited for did not come in time.',
  pushed_out: "The DAG's run strategy made room for another run.",
  awaited_run: 'The run it waited for ended in a state it does not go on with.',
} as const
export type Reason = keyof typeof reasons
/** Who did what a reason tells of; null is not known. */
export interface Doers {
  cancelledBy: string | null
  answeredBy: string | null
}

/** A reason's sentence, with the name of who did it: `Ines cancelled the run.` */
export function reasonWords(reason: Reason, { cancelledBy, answeredBy }: Doers): string {
  if (reason === 'cancel_requested' && cancelledBy !== null) return `${cancelledBy} cancelled the run.`
  if (reason === 'rejected' && answeredBy !== null) return `${answeredBy} answered no.`
  return reasons[reason]
}
export const reasonNames = Object.keys(reasons) as [Reason, ...Reason[]]

export const terminalTaskRunStates = [
  'succeeded',
  'failed',
  'skipped',
  'upstream_failed',
  'cancelled',
] as const
export type TerminalTaskRunState = (typeof terminalTaskRunStates)[number]
export const isTerminalTaskRun = (state: TaskRunState): state is TerminalTaskRunState =>
  (terminalTaskRunStates as readonly string[]).includes(state)

export const terminalRunStates = ['succeeded', 'failed', 'cancelled'] as const
export type TerminalRunState = (typeof terminalRunStates)[number]
export const isTerminalRun = (state: RunState): boolean =>
  (terminalRunStates as readonly string[]).includes(state)
