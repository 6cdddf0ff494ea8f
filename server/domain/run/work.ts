/** What one decision gathers: changes to store, actions to do, ends that have not been passed on yet. */
import { itemAt, putItem, type ItemState, type Machine } from './machine.ts'
import type { ItemChange } from './machine.ts'
import { isTerminalTaskRun, type TaskRunState } from './states.ts'
import { mayFollow } from './transitions.ts'

export interface ItemRef {
  node: number
  item: number
}

/** `condition`: may it go on; `items`: what is it expanded over; `wait`: until when. Each is answered by an event. */
export type Question = 'condition' | 'items' | 'wait'

export type RunAction = ({ kind: 'ask'; what: Question } & ItemRef) | ({ kind: 'end_attempt' } & ItemRef)

export interface Work {
  machine: Machine
  /** ms since the epoch. */
  now: number
  items: ItemChange[]
  actions: RunAction[]
  ended: ItemRef[]
}

/** ms after which a question is asked again: whoever was asked may be gone. */
const askAgainMs = 30_000

/** Changes an item without moving it. */
export function touch(work: Work, { node, item }: ItemRef, patch: Partial<Omit<ItemState, 'state'>>): void {
  const from = itemAt(work.machine, node, item)
  const change = { node, item, from: from.state, to: { ...from, ...patch } }
  work.items.push(change)
  putItem(work.machine, change)
}

/** Moves an item; reason, message and due time are those of the new state only. @throws on a move that is not in the table */
export function move(
  work: Work,
  { node, item }: ItemRef,
  to: TaskRunState,
  patch: Partial<ItemState> = {},
): void {
  const from = itemAt(work.machine, node, item)
  if (!mayFollow(from.state, to)) throw new Error(`a task run cannot go from ${from.state} to ${to}`)
  const change = {
    node,
    item,
    from: from.state,
    to: { ...from, reason: null, message: null, dueAt: null, heldAt: null, ...patch, state: to },
  }
  work.items.push(change)
  putItem(work.machine, change)
  if (isTerminalTaskRun(to)) work.ended.push({ node, item })
}

export function ask(work: Work, ref: ItemRef, what: Question): void {
  work.actions.push({ kind: 'ask', what, node: ref.node, item: ref.item })
  touch(work, ref, { dueAt: work.now + askAgainMs })
}
