/** What an event of one item means for it. */
import { assertNever } from '../errors/errors.ts'
import type { ItemEvent } from './events.ts'
import { expandItems, isCleanup, itemAt, nodeAt, type Machine } from './machine.ts'
import { consider, deadlineOf, goOn, heldUntil, stopReason } from './readiness.ts'
import { afterAttempt } from './retry.ts'
import { itemDue, lookMs } from './timers.ts'
import { move, touch, type ItemRef, type Work } from './work.ts'

type Of<Kind extends ItemEvent['kind']> = Extract<ItemEvent, { kind: Kind }>

function attemptEnded(work: Work, event: Of<'attempt_ended'>): void {
  const { machine, now } = work
  const item = itemAt(machine, event.node, event.item)
  const ending = machine.stop !== null && (machine.stop.forced || !isCleanup(machine, event.node))
  const next = afterAttempt(nodeAt(machine, event.node).policy, item, event.outcome, event.random)
  const deadline = deadlineOf(machine, event.node, item) ?? Infinity
  const { failures } = next
  if (ending && event.outcome.state !== 'succeeded')
    move(work, event, 'cancelled', { ...failures, reason: stopReason(machine) })
  else if (now >= deadline && (next.kind !== 'end' || next.reason === 'timeout'))
    move(work, event, 'failed', { ...failures, reason: 'deadline', message: event.outcome.message })
  else if (next.kind === 'end')
    move(work, event, next.state, { ...failures, reason: next.reason, message: next.message })
  else {
    const { reason, message } = event.outcome
    const last = next.kind === 'again' ? pollEnd(machine, event.node, item.readyAt ?? now) : deadline
    const dueAt = Math.min(now + next.delay, last)
    if (next.kind === 'again') move(work, event, 'waiting', { ...failures, dueAt })
    else move(work, event, 'retrying', { ...failures, reason, message, dueAt })
  }
}

const pollEnd = (machine: Machine, node: number, readyAt: number) =>
  readyAt + (nodeAt(machine, node).policy.poll?.timeout ?? 0)

/** The run before holds it back: it is looked at again, and given up when that takes as long as it may be queued (R7). */
function heldBack(work: Work, ref: ItemRef): void {
  const { machine, now } = work
  const heldAt = itemAt(machine, ref.node, ref.item).heldAt ?? now
  const last = heldUntil(machine, ref.node, heldAt)
  if (now >= last) move(work, ref, 'failed', { reason: 'queue_timeout' })
  else touch(work, ref, { heldAt, dueAt: Math.min(now + lookMs, last) })
}

function condition(work: Work, event: Of<'condition'>): void {
  const { result } = event
  if (result === 'true') goOn(work, event, true)
  else if (result === 'not_yet') heldBack(work, event)
  else if ('skip' in result) move(work, event, 'skipped', { reason: result.skip })
  else move(work, event, 'failed', { reason: 'expression_error', message: result.error })
}

function expanded(work: Work, { node, item, result }: Of<'expanded'>): void {
  if (!Array.isArray(result))
    return move(work, { node, item }, 'failed', { reason: 'expression_error', message: result.error })
  if (result.length === 0) return move(work, { node, item }, 'skipped', { reason: 'no_items' })
  expandItems(work.machine, node, result)
  consider(work, node)
}

function waitTold(work: Work, event: Of<'wait_told'>): void {
  const { machine, now } = work
  const { way } = nodeAt(machine, event.node)
  const readyAt = itemAt(machine, event.node, event.item).readyAt ?? now
  const { result } = event
  if (result === 'over' || (typeof result === 'object' && 'at' in result && result.at <= now))
    return move(work, event, 'succeeded', { readyAt })
  if (typeof result === 'object' && 'error' in result)
    return move(work, event, 'failed', { reason: 'expression_error', message: result.error })
  if (typeof result === 'object' && 'ends' in result)
    return move(work, event, result.ends, { readyAt, reason: 'awaited_run', message: result.message })
  const last = way.kind === 'wait' ? readyAt + way.timeout : Infinity
  touch(work, event, { readyAt, dueAt: Math.min(last, result === 'not_yet' ? now + lookMs : result.at) })
}

function marked(work: Work, event: Of<'marked'>): void {
  const { state } = itemAt(work.machine, event.node, event.item)
  if (state === 'starting' || state === 'running')
    work.actions.push({ kind: 'end_attempt', node: event.node, item: event.item })
  move(work, event, event.as, { reason: 'marked', message: event.message })
}

export function carryOutItemEvent(work: Work, event: ItemEvent): void {
  switch (event.kind) {
    case 'condition':
      return condition(work, event)
    case 'expanded':
      return expanded(work, event)
    case 'wait_told':
      return waitTold(work, event)
    case 'answered':
      return event.yes ? move(work, event, 'succeeded') : move(work, event, 'failed', { reason: 'rejected' })
    case 'claimed': {
      const { attempts } = itemAt(work.machine, event.node, event.item)
      return move(work, event, 'starting', { attempts: attempts + 1 })
    }
    case 'gate_passed':
      return move(work, event, 'running')
    case 'attempt_ended':
      return attemptEnded(work, event)
    case 'due':
      return itemDue(work, event)
    case 'marked':
      return marked(work, event)
    default:
      return assertNever(event)
  }
}
