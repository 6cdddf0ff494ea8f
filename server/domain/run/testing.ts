/** What tests of the core share: tasks in a line each, and a run driven to its end by given outcomes. */
import { decide, type Decision, type RunEvent } from './decide.ts'
import { itemAt, newMachine, type Machine } from './machine.ts'
import { makePlan, type PlannedTask } from './plan.ts'
import type { AttemptOutcome } from './retry.ts'

export function plannedTask(id: string, needs: string[], more: Partial<PlannedTask> = {}): PlannedTask {
  return {
    id,
    needs,
    trigger_rule: 'all_success',
    if: [],
    matrix: null,
    map: null,
    joined: null,
    action: { kind: 'command', command: ['true'] },
    allow_failure: false,
    finally: false,
    setup_for: [],
    teardown_for: [],
    between: [],
    latest_only: false,
    depends_on_past: false,
    queue_timeout: 1e9,
    deadline: null,
    cleanup_timeout: 600_000,
    retries: 0,
    retry_delay: 0,
    retry_backoff: { factor: 1, max: null, jitter: 0 },
    infrastructure_retries: 3,
    skip_exit_codes: [],
    fail_exit_codes: [],
    poll: null,
    ...more,
  }
}

export const items = (...keys: string[]) => keys.map((key) => ({ key, values: {} }))
export const ended = (
  state: AttemptOutcome['state'],
  reason: AttemptOutcome['reason'] = null,
  more: Partial<AttemptOutcome> = {},
): AttemptOutcome => ({ state, reason, message: null, exitCode: null, retry: true, ...more })

/** A task with a condition. */
export const conditional = { if: [{ scope: '', expression: 'x', per_item: false }] }

/** A run that was admitted. */
export function admitted(tasks: PlannedTask[]): Machine {
  const machine = newMachine(makePlan(tasks))
  send(machine, { kind: 'admitted' })
  return machine
}

/** Sends an event that must not be refused. */
export function send(machine: Machine, event: RunEvent, now = 0): Extract<Decision, { kind: 'decided' }> {
  const decision = decide(machine, event, now)
  if (decision.kind === 'refused') throw new Error(decision.why)
  return decision
}

/** `{a: 'succeeded', 'b[k=1]': 'failed'}` */
export function states(machine: Machine): Record<string, string> {
  const out: Record<string, string> = {}
  for (const [n, node] of machine.plan.nodes.entries())
    for (const [i, key] of (machine.keys[n] ?? []).entries())
      out[key === null ? node.task : `${node.task}[${key}]`] = itemAt(machine, n, i).state
  return out
}

/** Takes a queued item through an attempt. */
export function attempt(
  machine: Machine,
  task: string,
  outcome: AttemptOutcome,
  item = 0,
  now = 0,
): Extract<Decision, { kind: 'decided' }> {
  const node = machine.plan.numbers.get(task) ?? -1
  send(machine, { kind: 'claimed', node, item }, now)
  send(machine, { kind: 'gate_passed', node, item }, now)
  return send(machine, { kind: 'attempt_ended', node, item, outcome, random: 0.5 }, now)
}
