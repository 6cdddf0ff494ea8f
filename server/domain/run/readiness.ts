/** When an item may go on: its rule, then what the shell must be asked, then its own way. */
import {
  cellKey,
  foldedCell,
  foldedState,
  isCleanup,
  itemAt,
  nodeAt,
  parentsAt,
  type ItemState,
  type Machine,
  type Stop,
} from './machine.ts'
import { judge, judgeSetUps, judgeTeardown, noParents, type Judgement, type ParentCounts } from './rules.ts'
import { ask, move, type ItemRef, type Work } from './work.ts'

/** Parents of one item: the counted folds, plus its own cell of each joined parent. */
function countsOf(machine: Machine, { node, item }: ItemRef): ParentCounts {
  const { parents } = nodeAt(machine, node)
  const folds = parentsAt(machine, node)
  if (parents.every(({ level }) => level === null)) return folds
  const counts = { ...noParents(parents.length), ...folds, total: parents.length }
  for (const parent of parents) {
    if (parent.level === null) continue
    const key = cellKey(machine, { node, item }, parent.level)
    const state = foldedCell(machine, parent.node, parent.level, key)
    if (state !== null) counts[state]++
  }
  return counts
}

/** What its rule, its set-ups and its role say of an item. */
export function judgeItem(machine: Machine, ref: ItemRef): Judgement {
  const { role, rule, setUps } = nodeAt(machine, ref.node)
  const counts = countsOf(machine, ref)
  const made = setUps.map((node) => foldedState(machine, node))
  if (role === 'teardown') return judgeTeardown(counts, made)
  if (role === 'finally') return machine.ordinaryLeft > 0 ? 'wait' : judge('all_done', counts)
  const allowed = judgeSetUps(made)
  return allowed === 'ready' ? judge(rule, counts) : allowed
}

/** When its time in the queue, or all its time, is over. */
export function queueDueAt(machine: Machine, node: number, now: number, readyAt: number): number {
  const { queueTimeout, deadline } = nodeAt(machine, node)
  return Math.min(now + queueTimeout, deadline === null ? Infinity : readyAt + deadline)
}

/** The last moment of an item that the run before has held back since `heldAt`. */
export const heldUntil = (machine: Machine, node: number, heldAt: number): number =>
  heldAt + nodeAt(machine, node).queueTimeout

/** The last moment of an item that has begun; null without a deadline. */
export function deadlineOf(machine: Machine, node: number, { readyAt }: ItemState): number | null {
  const { deadline } = nodeAt(machine, node)
  return deadline === null || readyAt === null ? null : readyAt + deadline
}

export function enqueue(work: Work, ref: ItemRef): void {
  const readyAt = itemAt(work.machine, ref.node, ref.item).readyAt ?? work.now
  move(work, ref, 'queued', { readyAt, dueAt: queueDueAt(work.machine, ref.node, work.now, readyAt) })
}

/** Everything that was asked has been answered with yes. */
export function begin(work: Work, ref: ItemRef): void {
  const { way } = nodeAt(work.machine, ref.node)
  if (way.kind === 'wait') ask(work, ref, 'wait')
  else if (way.kind === 'approve')
    move(work, ref, 'awaiting_input', { readyAt: work.now, dueAt: work.now + way.timeout })
  else enqueue(work, ref)
}

/** The next question about an item whose rule holds, or its begin. */
export function goOn(work: Work, ref: ItemRef, answered: boolean): void {
  const { asksFirst, asksEach } = nodeAt(work.machine, ref.node)
  const expanded = work.machine.expanded[ref.node] === true
  if (!answered && (expanded ? asksEach : asksFirst)) ask(work, ref, 'condition')
  else if (expanded) begin(work, ref)
  else ask(work, ref, 'items')
}

/** Lets an item that still waits go on, if its rule is decided. */
export function considerItem(work: Work, node: number, item: number): void {
  const { machine } = work
  const { state, readyAt } = itemAt(machine, node, item)
  if (state !== 'waiting' || readyAt !== null) return
  if (machine.stop !== null && (machine.stop.forced || !isCleanup(machine, node))) return
  const judgement = judgeItem(machine, { node, item })
  if (judgement === 'wait') return
  if (judgement === 'ready') return goOn(work, { node, item }, false)
  if (machine.stop !== null) move(work, { node, item }, 'cancelled', { reason: stopReason(machine) })
  else if (judgement === 'skipped') move(work, { node, item }, 'skipped', { reason: 'upstream_skipped' })
  else move(work, { node, item }, 'upstream_failed', { reason: 'rule_not_met' })
}

export const stopReason = (machine: Machine): Stop['why'] => machine.stop?.why ?? 'cancel_requested'

export function consider(work: Work, node: number): void {
  for (let item = 0; item < (work.machine.items[node]?.length ?? 0); item++) considerItem(work, node, item)
}

/** An item is over: what is joined may go on once its cell is over, other children once the whole task is. */
function wakeChildren(work: Work, { node, item }: ItemRef): void {
  const { machine } = work
  const over = foldedState(machine, node) !== null
  for (const wake of nodeAt(machine, node).wakes) {
    if (wake.level === null) {
      if (over) consider(work, wake.node)
      continue
    }
    const key = cellKey(machine, { node, item }, wake.level)
    if (foldedCell(machine, node, wake.level, key) === null) continue
    for (const child of nodeAt(machine, wake.node).joins[wake.level]?.cells.get(key) ?? [])
      considerItem(work, wake.node, child)
  }
}

/** Ends run down the graph: a loop, since a chain may be deeper than the stack. `finally` tasks come when all else is over. */
export function cascade(work: Work, ordinaryLeftBefore: number): void {
  const pass = () => {
    for (let ended = work.ended.pop(); ended !== undefined; ended = work.ended.pop())
      wakeChildren(work, ended)
  }
  pass()
  if (ordinaryLeftBefore === 0 || work.machine.ordinaryLeft > 0) return
  for (const node of work.machine.plan.finals) consider(work, node)
  pass()
}
