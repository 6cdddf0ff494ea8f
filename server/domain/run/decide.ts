/**
 * The core: an event of a run, and what follows from it. It writes into a machine that the caller owns (the shell keeps
 * one per live run and throws it away when its transaction fails) and gives the changes to store and the actions to do.
 * No clock, randomness or database: `now` (ms since the epoch) and random numbers come with the event.
 */
import { assertNever } from '../errors/errors.ts'
import {
  foldedState,
  itemAt,
  nodeAt,
  parentsAt,
  putItem,
  type ItemChange,
  type ItemState,
  type Machine,
  type RunChange,
} from './machine.ts'
import { afterAttempt, type AttemptOutcome } from './retry.ts'
import { judge, noParents } from './rules.ts'
import { isTerminalTaskRun, type Reason, type TaskRunState } from './states.ts'
import { mayFollow } from './transitions.ts'

interface ItemRef {
  node: number
  item: number
}

export type RunEvent =
  | { kind: 'admitted' }
  | ({ kind: 'condition'; result: 'true' | 'false' | { error: string } } & ItemRef)
  | ({ kind: 'claimed' } & ItemRef)
  | ({ kind: 'gate_passed' } & ItemRef)
  /** `random` in [0, 1) spreads the retry delay. */
  | ({ kind: 'attempt_ended'; outcome: AttemptOutcome; random: number } & ItemRef)
  | ({ kind: 'due' } & ItemRef)
  /** The run was read again after a crash: what a decision asked for then may not have been done. */
  | { kind: 'reconsidered' }
  | { kind: 'cancel_requested' }
  | { kind: 'timed_out' }

export type RunAction = ({ kind: 'evaluate_conditions' } & ItemRef) | ({ kind: 'end_attempt' } & ItemRef)

export type Decision =
  | { kind: 'decided'; items: ItemChange[]; run: RunChange | null; actions: RunAction[] }
  | { kind: 'refused'; why: string }

interface Work {
  machine: Machine
  now: number
  items: ItemChange[]
  actions: RunAction[]
  /** Items whose end has not been passed on to their children yet. */
  ended: ItemRef[]
}

function move(work: Work, { node, item }: ItemRef, to: TaskRunState, patch: Partial<ItemState> = {}): void {
  const from = itemAt(work.machine, node, item)
  if (!mayFollow(from.state, to)) throw new Error(`a task run cannot go from ${from.state} to ${to}`)
  const change = {
    node,
    item,
    from: from.state,
    to: { ...from, reason: null, message: null, dueAt: null, ...patch, state: to },
  }
  work.items.push(change)
  putItem(work.machine, change)
  if (isTerminalTaskRun(to)) work.ended.push({ node, item })
}

/** Parents of one item: the counted folds, plus the equal item of each joined parent. */
function judgeItem(machine: Machine, node: number, item: number) {
  const { parents, rule, keys } = nodeAt(machine, node)
  const folds = parentsAt(machine, node)
  if (!parents.some((parent) => parent.joined)) return judge(rule, folds)
  const counts = { ...noParents(parents.length), ...folds, total: parents.length }
  for (const parent of parents) {
    if (!parent.joined) continue
    const twin = nodeAt(machine, parent.node).positions.get(keys[item] ?? null)
    const state = twin === undefined ? 'skipped' : itemAt(machine, parent.node, twin).state
    if (isTerminalTaskRun(state)) counts[state]++
  }
  return judge(rule, counts)
}

/** Lets an item that still waits go on, if its rule is decided. */
function considerItem(work: Work, node: number, item: number): void {
  if (itemAt(work.machine, node, item).state !== 'waiting') return
  const judgement = judgeItem(work.machine, node, item)
  if (judgement === 'skipped') move(work, { node, item }, 'skipped', { reason: 'upstream_skipped' })
  else if (judgement === 'upstream_failed')
    move(work, { node, item }, 'upstream_failed', { reason: 'rule_not_met' })
  else if (judgement === 'ready' && nodeAt(work.machine, node).conditional)
    work.actions.push({ kind: 'evaluate_conditions', node, item })
  else if (judgement === 'ready') move(work, { node, item }, 'queued')
}

function consider(work: Work, node: number): void {
  for (let item = 0; item < nodeAt(work.machine, node).keys.length; item++) considerItem(work, node, item)
}

/** An item is over: its joined twins may go on now, other children once the whole task is over. */
function wakeChildren(work: Work, { node, item }: ItemRef): void {
  const over = foldedState(work.machine, node) !== null
  const key = nodeAt(work.machine, node).keys[item] ?? null
  for (const child of nodeAt(work.machine, node).children) {
    const { parents, positions } = nodeAt(work.machine, child)
    const joined = parents.find((parent) => parent.node === node)?.joined === true
    const twin = positions.get(key)
    if (joined && twin !== undefined) considerItem(work, child, twin)
    else if (over) consider(work, child)
  }
}

/** Skips and failures run down the graph: a loop, since a chain may be deeper than the stack. */
function cascade(work: Work): void {
  for (let ended = work.ended.pop(); ended !== undefined; ended = work.ended.pop())
    if (!work.machine.cancelRequested && !work.machine.timedOut) wakeChildren(work, ended)
}

function stopAll(work: Work, reason: Reason): void {
  for (const [node, items] of work.machine.items.entries()) {
    for (const [item, { state }] of items.entries()) {
      if (state === 'starting' || state === 'running') work.actions.push({ kind: 'end_attempt', node, item })
      else if (!isTerminalTaskRun(state)) move(work, { node, item }, 'cancelled', { reason })
    }
  }
}

function attemptEnded(work: Work, event: Extract<RunEvent, { kind: 'attempt_ended' }>): void {
  const item = itemAt(work.machine, event.node, event.item)
  const { state, reason, message } = event.outcome
  const next = afterAttempt(nodeAt(work.machine, event.node).policy, item, event.outcome, event.random)
  const stopping = work.machine.cancelRequested || work.machine.timedOut
  if (stopping && state !== 'succeeded')
    move(work, event, 'cancelled', {
      ...next.failures,
      reason: work.machine.timedOut ? 'timeout' : 'cancel_requested',
    })
  else if (next.kind === 'end') move(work, event, next.state, { ...next.failures, reason, message })
  else move(work, event, 'retrying', { ...next.failures, reason, message, dueAt: work.now + next.delay })
}

function condition(work: Work, event: Extract<RunEvent, { kind: 'condition' }>): void {
  if (event.result === 'true') move(work, event, 'queued')
  else if (event.result === 'false') move(work, event, 'skipped', { reason: 'condition_false' })
  else move(work, event, 'failed', { reason: 'expression_error', message: event.result.error })
}

/** The state an item must be in for the event to mean anything; null when the event is the run's. */
function expected(event: RunEvent): readonly TaskRunState[] | null {
  switch (event.kind) {
    case 'condition':
      return ['waiting']
    case 'claimed':
      return ['queued']
    case 'gate_passed':
      return ['starting']
    case 'attempt_ended':
      return ['starting', 'running']
    case 'due':
      return ['retrying']
    case 'admitted':
    case 'reconsidered':
    case 'cancel_requested':
    case 'timed_out':
      return null
    default:
      return assertNever(event)
  }
}

function carryOut(work: Work, event: RunEvent): void {
  const { machine } = work
  switch (event.kind) {
    case 'admitted':
    case 'reconsidered':
      for (const [node] of machine.plan.nodes.entries()) consider(work, node)
      return
    case 'condition':
      return condition(work, event)
    case 'claimed':
      return move(work, event, 'starting', { attempts: itemAt(machine, event.node, event.item).attempts + 1 })
    case 'gate_passed':
      return move(work, event, 'running')
    case 'attempt_ended':
      return attemptEnded(work, event)
    case 'due':
      return move(work, event, 'queued')
    case 'cancel_requested':
      machine.cancelRequested = true
      return stopAll(work, 'cancel_requested')
    case 'timed_out':
      machine.timedOut = true
      return stopAll(work, 'timeout')
    default:
      return assertNever(event)
  }
}

function refusal(machine: Machine, event: RunEvent): string | null {
  if (event.kind === 'admitted') return machine.run === 'queued' ? null : `the run is ${machine.run}`
  if (event.kind === 'cancel_requested' && machine.run === 'queued') return null
  if (machine.run !== 'running') return `the run is ${machine.run}`
  const states = expected(event)
  if (states === null || !('node' in event)) return null
  const { state } = itemAt(machine, event.node, event.item)
  return states.includes(state) ? null : `the task run is ${state}`
}

function runChange(machine: Machine, from: Machine['run']): RunChange | null {
  if (machine.left > 0) return from === 'queued' ? { from, to: 'running', reason: null } : null
  if (machine.timedOut) return { from, to: 'failed', reason: 'timeout' }
  if (machine.cancelRequested) return { from, to: 'cancelled', reason: 'cancel_requested' }
  return machine.failed
    ? { from, to: 'failed', reason: 'task_failed' }
    : { from, to: 'succeeded', reason: null }
}

/** Decides, and puts what was decided into `machine`. A refused event leaves it as it was: it came too late. */
export function decide(machine: Machine, event: RunEvent, now: number): Decision {
  const why = refusal(machine, event)
  if (why !== null) return { kind: 'refused', why }
  const work: Work = { machine, now, items: [], actions: [], ended: [] }
  carryOut(work, event)
  cascade(work)
  const run = runChange(machine, machine.run)
  if (run !== null) machine.run = run.to
  return { kind: 'decided', items: work.items, run, actions: work.actions }
}
