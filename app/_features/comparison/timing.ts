/** Task runs of several runs on one axis, which begins where each run began. */
import { took } from '#server/domain/run/took.ts'
import type { Comparison } from '#server/views/comparison.ts'

export interface TimingBar {
  run: number
  isBase: boolean
  /** ms on the axis; null for what did not happen. */
  queued: [from: number, to: number]
  running: [from: number, to: number] | null
  /** Running time in ms, and how much more than the base's. */
  length: number | null
  delta: number | null
}

export interface TimingRow {
  task: string
  key: string | null
  /** Ids that it had in older versions. */
  was: string[]
  /** One per run that has the task. */
  bars: TimingBar[]
}

export function timingsOf(data: Pick<Comparison, 'runs' | 'base' | 'timings'>): {
  rows: TimingRow[]
  length: number
} {
  const base = data.runs.findIndex((run) => run.id === data.base)
  const lengthOf = (cell: Comparison['timings'][number]['cells'][number] | undefined) =>
    cell == null ? null : took(cell)
  const rows = data.timings.map(({ task, key, was, cells }): TimingRow => {
    const reference = lengthOf(cells[base])
    return {
      task,
      key,
      was,
      bars: cells.flatMap((cell, run): TimingBar[] => {
        if (cell === null) return []
        const length = lengthOf(cell)
        const end = cell.endedAt ?? cell.startedAt ?? cell.queuedAt
        return [
          {
            run,
            isBase: run === base,
            queued: [Math.max(0, cell.queuedAt), cell.startedAt ?? end],
            running: cell.startedAt === null ? null : [cell.startedAt, end],
            length,
            delta: run === base || length === null || reference === null ? null : length - reference,
          },
        ]
      }),
    }
  })
  const ends = rows.flatMap((row) => row.bars.map((bar) => bar.running?.[1] ?? bar.queued[1]))
  return { rows, length: Math.max(1, ...ends) }
}
