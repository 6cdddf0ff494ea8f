/** A live run in memory: what never changes of it, and its machine at a known revision of its row. */
import type { Queryable } from '#db/client.ts'
import {
  runIdentity,
  taskRunRows,
  type RunIdentity,
  type RunRow,
  type TaskRunRow,
} from '#db/queries/run-state.ts'
import type { Json } from '#server/domain/json.ts'
import { expandItems, newMachine, putItem, type ItemState, type Machine } from '#server/domain/run/machine.ts'
import { makePlan } from '#server/domain/run/plan.ts'

export interface LiveRun {
  row: RunRow
  identity: RunIdentity
  machine: Machine
  /** Ids of task runs by task number and item. */
  ids: string[][]
  /** Of items of a `map`: what they are. */
  values: (Json | null)[][]
  /** The other way round. */
  places: Map<string, { node: number; item: number }>
}

const stateOf = (row: TaskRunRow): ItemState => ({
  state: row.state,
  reason: row.reason,
  message: row.message,
  userFailures: row.userFailures,
  infrastructureFailures: row.infrastructureFailures,
  attempts: row.attempts,
  dueAt: row.dueAt?.getTime() ?? null,
  readyAt: row.readyAt?.getTime() ?? null,
})

/** Gives a task the ids of its items, in order. */
export function placeItems(
  live: LiveRun,
  node: number,
  ids: readonly string[],
  values: (Json | null)[],
): void {
  live.ids[node] = [...ids]
  live.values[node] = values
  for (const [item, id] of ids.entries()) live.places.set(id, { node, item })
}

function rowsByTask(rows: readonly TaskRunRow[]): Map<string, TaskRunRow[]> {
  const byTask = new Map<string, TaskRunRow[]>()
  for (const row of rows) {
    const list = byTask.get(row.task)
    if (list === undefined) byTask.set(row.task, [row])
    else list.push(row)
  }
  return byTask
}

/** Reads a run whose row is locked. @throws when its rows and its spec do not fit */
export async function loadLiveRun(q: Queryable, row: RunRow): Promise<LiveRun> {
  const identity = await runIdentity(q, row.id)
  if (identity === null) throw new Error(`run ${row.id} has no version`)
  const { spec } = identity
  const machine = newMachine(makePlan(spec.tasks, spec.limits.run_timeout))
  machine.run = row.state
  machine.dueAt = row.dueAt?.getTime() ?? null
  // That it is forced is asked for again: what follows from it may not have been done.
  machine.stop = row.stopping === null ? null : { why: row.stopping, forced: false }
  const live: LiveRun = { row, identity, machine, ids: [], values: [], places: new Map() }
  const byTask = rowsByTask(await taskRunRows(q, row.id))
  for (const [node, planned] of machine.plan.nodes.entries()) {
    const rows = byTask.get(planned.task) ?? []
    const keys = rows.flatMap(({ key }) => (key === null ? [] : [key]))
    if (planned.mapped && keys.length > 0) expandItems(machine, node, keys)
    if (rows.length !== machine.items[node]?.length)
      throw new Error(
        `run ${row.id} has ${rows.length} task runs of ${planned.task}, which its version has not`,
      )
    placeItems(
      live,
      node,
      rows.map(({ id }) => id),
      rows.map(({ item }) => item),
    )
    for (const [item, one] of rows.entries())
      putItem(machine, { node, item, from: 'waiting', to: stateOf(one) })
  }
  return live
}
