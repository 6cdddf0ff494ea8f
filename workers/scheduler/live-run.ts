/** A live run in memory: what never changes of it, and its machine at a known revision of its row. */
import type { RunIdentity, RunRow, TaskRunRow } from '#db/queries/run-state.ts'
import type { Session } from '#db/scheduling-store.ts'
import type { Json } from '#server/domain/json.ts'
import type { ItemState, Machine } from '#server/domain/run/machine.ts'
import { makePlan } from '#server/domain/run/plan.ts'
import { restoreMachine } from '#server/domain/run/restore.ts'

export interface LiveRun {
  row: RunRow
  identity: RunIdentity
  machine: Machine
  /** Ids of task runs by task number and item. */
  ids: string[][]
  /** Of items of a `map`: what they are. */
  values: (Json | null)[][]
  /** By task number: the queue that its attempts wait in, `TEAM/QUEUE`; null: a scheduler's own machine runs them. */
  queues: (string | null)[]
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
  heldAt: row.heldAt?.getTime() ?? null,
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

/** Reads a run whose row is locked. @throws when its rows and its spec do not fit */
export async function loadLiveRun(session: Session, row: RunRow): Promise<LiveRun> {
  const identity = await session.runIdentity(row.id)
  if (identity === null) throw new Error(`run ${row.id} has no version`)
  const { spec } = identity
  const rows = await session.taskRunRows(row.id)
  const machine = restoreMachine(
    makePlan(spec.tasks, spec.limits.run_timeout),
    { state: row.state, stopping: row.stopping, dueAt: row.dueAt?.getTime() ?? null },
    rows.map((one) => ({ task: one.task, key: one.key, state: stateOf(one) })),
  )
  const live: LiveRun = { row, identity, machine, ids: [], values: [], queues: [], places: new Map() }
  const byTask = Map.groupBy(rows, (one) => one.task)
  for (const [node, planned] of machine.plan.nodes.entries()) {
    const mine = byTask.get(planned.task) ?? []
    live.queues[node] = mine[0]?.queue ?? null
    placeItems(
      live,
      node,
      mine.map(({ id }) => id),
      mine.map(({ item }) => item),
    )
  }
  return live
}
