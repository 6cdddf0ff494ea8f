/** What happens to an item by itself when its time has come. */
import { itemAt, nodeAt } from './machine.ts'
import { considerItem, deadlineOf, enqueue } from './readiness.ts'
import type { Reason } from './states.ts'
import { ask, move, type ItemRef, type Work } from './work.ts'

/** ms between two looks of a wait for something outside the run. */
export const lookMs = 10_000

function outOfTime(work: Work, ref: ItemRef, onTimeout: 'fail' | 'skip', reason: Reason): void {
  move(work, ref, onTimeout === 'fail' ? 'failed' : 'skipped', { reason })
}

function waitingDue(work: Work, ref: ItemRef): void {
  const { machine, now } = work
  const { way, policy } = nodeAt(machine, ref.node)
  const { readyAt } = itemAt(machine, ref.node, ref.item)
  if (readyAt === null) return considerItem(work, ref.node, ref.item)
  if (way.kind === 'wait') {
    if (now >= readyAt + way.timeout) outOfTime(work, ref, way.onTimeout, 'wait_timeout')
    else ask(work, ref, 'wait')
  } else if (policy.poll !== null && now >= readyAt + policy.poll.timeout)
    move(work, ref, 'failed', { reason: 'wait_timeout' })
  else enqueue(work, ref)
}

/** The item's due time has come. */
export function itemDue(work: Work, ref: ItemRef): void {
  const { machine, now } = work
  const item = itemAt(machine, ref.node, ref.item)
  const deadline = deadlineOf(machine, ref.node, item)
  const { way } = nodeAt(machine, ref.node)
  if (item.state === 'waiting') return waitingDue(work, ref)
  if (item.state === 'awaiting_input' && way.kind === 'approve')
    return outOfTime(work, ref, way.onTimeout, 'wait_timeout')
  if (deadline !== null && now >= deadline) return move(work, ref, 'failed', { reason: 'deadline' })
  if (item.state === 'retrying') return enqueue(work, ref)
  if (item.state === 'queued') move(work, ref, 'failed', { reason: 'queue_timeout' })
}
