/** A machine as the rows of a run say that it stands. */
import { expandItems, newMachine, putItem, type ItemState, type Machine, type Stop } from './machine.ts'
import type { Plan } from './plan.ts'
import type { RunState } from './states.ts'

export interface StoredItem {
  task: string
  key: string | null
  state: ItemState
}

export interface StoredRun {
  state: RunState
  stopping: Stop['why'] | null
  /** ms since the epoch. */
  dueAt: number | null
}

/** Items of each task in their order. @throws when rows and plan do not fit */
export function restoreMachine(plan: Plan, run: StoredRun, items: readonly StoredItem[]): Machine {
  const machine = newMachine(plan)
  machine.run = run.state
  machine.dueAt = run.dueAt
  // That it is forced is asked for again: what follows from it may not have been done.
  machine.stop = run.stopping === null ? null : { why: run.stopping, forced: false }
  const byTask = Map.groupBy(items, (item) => item.task)
  for (const [node, planned] of plan.nodes.entries()) {
    const mine = byTask.get(planned.task) ?? []
    const keys = mine.flatMap(({ key }) => (key === null ? [] : [key]))
    if (planned.mapped && keys.length > 0) expandItems(machine, node, keys)
    if (mine.length !== machine.items[node]?.length)
      throw new Error(`there are ${mine.length} task runs of ${planned.task}, which its version has not`)
    for (const [item, { state }] of mine.entries())
      putItem(machine, { node, item, from: 'waiting', to: state })
  }
  return machine
}
