import { terminalTaskRunStates, type TaskRunState } from '#server/domain/run/states.ts'

const order: TaskRunState[] = [
  'running',
  'starting',
  'retrying',
  'queued',
  'awaiting_input',
  'waiting',
  'failed',
  'upstream_failed',
  'cancelled',
  'succeeded',
  'skipped',
]

/** One state per task: what still moves first, else the fold of engine.md ("Order"). */
export function foldedStates(
  rows: readonly { task: string; state: TaskRunState }[],
): Map<string, TaskRunState> {
  const byTask = new Map<string, TaskRunState[]>()
  for (const row of rows) byTask.set(row.task, [...(byTask.get(row.task) ?? []), row.state])
  return new Map(
    [...byTask].map(([task, states]) => {
      const over = states.every((state) => (terminalTaskRunStates as readonly TaskRunState[]).includes(state))
      const known = over ? order.slice(order.indexOf('failed')) : order
      return [task, known.find((state) => states.includes(state)) ?? 'waiting']
    }),
  )
}
