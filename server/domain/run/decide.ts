/**
 * The core: an event of a run, and what follows from it. It writes into a machine that the caller owns (the shell keeps
 * one per live run and throws it away when its transaction fails) and gives the changes to store and the actions to do.
 * No clock, randomness or database: `now` (ms since the epoch) and random numbers come with the event.
 */
import { assertNever } from '../errors/errors.ts'
import { isCleanup, itemAt, nodeAt, type ItemChange, type Machine, type RunChange } from './machine.ts'
import { statesFor, type ItemEvent, type RunEvent } from './events.ts'
import { carryOutItemEvent } from './item-events.ts'
import { cascade, consider, stopReason } from './readiness.ts'
import { isTerminalTaskRun, type Reason } from './states.ts'
import { beginStop, carryOutStop } from './stop.ts'
import { move, type RunAction, type Work } from './work.ts'

export type { ConditionAnswer, ItemEvent, RunEvent, WaitAnswer } from './events.ts'
export type { ItemRef, Question, RunAction } from './work.ts'

export type Decision =
  | { kind: 'decided'; items: ItemChange[]; run: RunChange | null; actions: RunAction[] }
  | { kind: 'refused'; why: string }

function cancelAll(work: Work, reason: Reason): void {
  for (const [node, items] of work.machine.items.entries())
    for (const item of items.keys())
      if (!isTerminalTaskRun(itemAt(work.machine, node, item).state))
        move(work, { node, item }, 'cancelled', { reason })
  work.ended.length = 0
}

function carryOutRunEvent(work: Work, event: Exclude<RunEvent, ItemEvent>): void {
  const { machine, now } = work
  const queued = machine.run === 'queued'
  const considerAll = () => {
    for (const node of machine.plan.nodes.keys()) consider(work, node)
  }
  switch (event.kind) {
    case 'admitted':
      machine.dueAt = machine.plan.runTimeout === null ? null : now + machine.plan.runTimeout
      return considerAll()
    case 'reconsidered':
      return machine.stop === null ? considerAll() : carryOutStop(work)
    case 'cancel_requested':
      if (queued) return cancelAll(work, 'cancel_requested')
      return beginStop(work, { why: machine.stop?.why ?? 'cancel_requested', forced: event.forced })
    case 'pushed_out':
      if (queued) return cancelAll(work, 'pushed_out')
      return beginStop(work, { why: 'pushed_out', forced: false })
    case 'run_due':
      if (queued) return cancelAll(work, 'queue_timeout')
      return beginStop(work, { why: machine.stop?.why ?? 'timeout', forced: machine.stop !== null })
    default:
      return assertNever(event)
  }
}

/** Clean-up may start in a run that is being ended; nothing else may (R17). */
export const isShut = (machine: Machine, node: number): boolean =>
  machine.stop !== null && (machine.stop.forced || !isCleanup(machine, node))

function itemRefusal(machine: Machine, event: ItemEvent): string | null {
  const item = itemAt(machine, event.node, event.item)
  if (!statesFor[event.kind].includes(item.state)) return `the task run is ${item.state}`
  const { maxParallel } = nodeAt(machine, event.node)
  if (event.kind === 'claimed' && maxParallel !== null && (machine.active[event.node] ?? 0) >= maxParallel)
    return 'as many items of it run as may at once'
  if (event.kind === 'expanded' && machine.expanded[event.node] === true) return 'it is expanded already'
  const goesOn = event.kind === 'claimed' || event.kind === 'gate_passed'
  return goesOn && isShut(machine, event.node) ? 'the run is being ended' : null
}

function refusal(machine: Machine, event: RunEvent): string | null {
  const { run, stop } = machine
  if (event.kind === 'admitted') return run === 'queued' ? null : `the run is ${run}`
  const ends = event.kind === 'cancel_requested' || event.kind === 'run_due' || event.kind === 'pushed_out'
  if (run !== 'running' && !(ends && run === 'queued')) return `the run is ${run}`
  if (event.kind === 'pushed_out' && stop !== null) return 'the run is being ended'
  if (event.kind === 'cancel_requested' && stop !== null && (stop.forced || !event.forced))
    return 'the run is being ended'
  return 'node' in event ? itemRefusal(machine, event) : null
}

const queuedReasons = {
  run_due: 'queue_timeout',
  pushed_out: 'pushed_out',
  cancel_requested: 'cancel_requested',
} as const

function runChange(machine: Machine, event: RunEvent): RunChange | null {
  const from = machine.run
  if (machine.left > 0) return event.kind === 'admitted' ? { from, to: 'running', reason: null } : null
  if (event.kind in queuedReasons && from === 'queued')
    return { from, to: 'cancelled', reason: queuedReasons[event.kind as keyof typeof queuedReasons] }
  if (machine.stop !== null)
    return { from, to: machine.stop.why === 'timeout' ? 'failed' : 'cancelled', reason: stopReason(machine) }
  return machine.failed
    ? { from, to: 'failed', reason: 'task_failed' }
    : { from, to: 'succeeded', reason: null }
}

/** Whether an event would be accepted now. */
export const decideWhether = (machine: Machine, event: RunEvent): boolean => refusal(machine, event) === null

/** Decides, and puts what was decided into `machine`. A refused event leaves it as it was: it came too late. */
export function decide(machine: Machine, event: RunEvent, now: number): Decision {
  const why = refusal(machine, event)
  if (why !== null) return { kind: 'refused', why }
  const work: Work = { machine, now, items: [], actions: [], ended: [] }
  const ordinaryLeft = machine.ordinaryLeft
  if ('node' in event) carryOutItemEvent(work, event)
  else carryOutRunEvent(work, event)
  cascade(work, ordinaryLeft)
  const run = runChange(machine, event)
  if (run !== null) machine.run = run.to
  if (run !== null && run.to !== 'running') machine.dueAt = null
  return { kind: 'decided', items: work.items, run, actions: work.actions }
}
