/** A live run in memory: what never changes of it, and its machine at a known revision of its row. */
import type { Queryable } from '#db/client.ts'
import { runIdentity, taskRunRows, type RunIdentity, type RunRow } from '#db/queries/run-state.ts'
import { newMachine, putItem, type ItemState, type Machine } from '#server/domain/run/machine.ts'
import { makePlan } from '#server/domain/run/plan.ts'
import { isTerminalTaskRun } from '#server/domain/run/states.ts'

export interface LiveRun {
  row: RunRow
  identity: RunIdentity
  machine: Machine
  /** Ids of task runs by task number and item. */
  ids: string[][]
  /** The other way round. */
  places: Map<string, { node: number; item: number }>
}

/** Reads a run whose row is locked. @throws when its rows and its spec do not fit */
export async function loadLiveRun(q: Queryable, row: RunRow): Promise<LiveRun> {
  const identity = await runIdentity(q, row.id)
  if (identity === null) throw new Error(`run ${row.id} has no version`)
  const machine = newMachine(makePlan(identity.spec.tasks))
  machine.run = row.state
  const ids = machine.plan.nodes.map((node): string[] => node.keys.map(() => ''))
  const places = new Map<string, { node: number; item: number }>()
  for (const { id, task, index, dueAt, ...rest } of await taskRunRows(q, row.id)) {
    const node = machine.plan.numbers.get(task)
    const list = node === undefined ? undefined : ids[node]
    if (node === undefined || list?.[index] === undefined)
      throw new Error(`run ${row.id} has a task run ${task} ${index} that its version has not`)
    list[index] = id
    places.set(id, { node, item: index })
    const state: ItemState = { ...rest, dueAt: dueAt?.getTime() ?? null }
    if (isTerminalTaskRun(state.state)) putItem(machine, { node, item: index, from: 'waiting', to: state })
    else (machine.items[node] ?? [])[index] = state
  }
  return { row, identity, machine, ids, places }
}
