/** The end of a run before its end: ordinary tasks are ended, clean-up gets its time. */
import { isCleanup, nodeAt, type Machine, type Stop } from './machine.ts'
import { consider, stopReason } from './readiness.ts'
import { isTerminalTaskRun } from './states.ts'
import { move, type Work } from './work.ts'

function endItems(work: Work, node: number): void {
  const reason = stopReason(work.machine)
  for (const [item, { state }] of (work.machine.items[node] ?? []).entries()) {
    if (state === 'starting' || state === 'running') work.actions.push({ kind: 'end_attempt', node, item })
    else if (!isTerminalTaskRun(state)) move(work, { node, item }, 'cancelled', { reason })
  }
}

/** ms that clean-up gets, the longest that any of it asks for; null when there is none left to do. */
function cleanupMs(machine: Machine): number | null {
  let longest: number | null = null
  for (const [node, open] of machine.open.entries())
    if (open > 0 && isCleanup(machine, node))
      longest = Math.max(longest ?? 0, nodeAt(machine, node).cleanupTimeout)
  return longest
}

/** Also after a restart: what was asked for then may not have been done. */
export function carryOutStop(work: Work): void {
  const { machine } = work
  const forced = machine.stop?.forced === true
  for (const node of machine.plan.nodes.keys()) if (forced || !isCleanup(machine, node)) endItems(work, node)
  if (!forced)
    for (const node of machine.plan.nodes.keys()) if (isCleanup(machine, node)) consider(work, node)
}

export function beginStop(work: Work, stop: Stop): void {
  const { machine } = work
  machine.stop = stop
  const ms = stop.forced ? null : cleanupMs(machine)
  machine.dueAt = ms === null ? null : work.now + ms
  carryOutStop(work)
}
