/** A run in time: for each task run how long it waited, started and ran, on one axis. */
import { shownState } from '#server/domain/run/shown-state.ts'
import { isTerminalTaskRun, type TaskRunState } from '#server/domain/run/states.ts'
import { took, tookTogether } from '#server/domain/run/took.ts'
import type { RunDetail, TaskRunView } from '#server/views/run.ts'

/** Items of a task up to which each has a row of its own from the start. */
const fewItems = 12

/** From and to in ms from the start of the axis. */
export interface Bar {
  kind: 'queued' | 'starting' | 'running'
  from: number
  to: number
  state: TaskRunView['attempts'][number]['state'] | TaskRunState
}

export interface GanttRow {
  id: string
  task: string
  key: string | null
  state: TaskRunState
  bars: Bar[]
  /** ms that it took, or has taken; null before it began. */
  length: number | null
  attempts: number
  /** A row that stands for all items of its task: how many, how many ended, whether they are shown. */
  items: { total: number; done: number; open: boolean } | null
}

export interface Gantt {
  rows: GanttRow[]
  /** ms of the axis. */
  length: number
}

const time = (text: string | null): number | null => (text === null ? null : Date.parse(text))

function barsOf(row: TaskRunView, start: number, now: number): Bar[] {
  const at = (moment: number) => Math.max(0, moment - start)
  const bars: Bar[] = []
  const queued = time(row.queuedAt)
  const first = row.attempts[0]
  const begun = first === undefined ? null : Date.parse(first.createdAt)
  if (queued !== null)
    bars.push({
      kind: 'queued',
      from: at(queued),
      to: at(begun ?? time(row.endedAt) ?? now),
      state: 'queued',
    })
  for (const { createdAt, startedAt, endedAt, state } of row.attempts) {
    const started = time(startedAt)
    const ended = time(endedAt) ?? now
    bars.push({ kind: 'starting', from: at(Date.parse(createdAt)), to: at(started ?? ended), state })
    if (started !== null) bars.push({ kind: 'running', from: at(started), to: at(ended), state })
  }
  return bars
}

/** The latest moment that the run tells of, in ms since 1970: a clock that was read before it, or is slow, is behind. */
function lastNews(run: RunDetail): number {
  const moments = run.taskRuns.flatMap((row) => [
    row.queuedAt,
    ...row.attempts.flatMap((one) => [one.createdAt, one.startedAt, one.endedAt]),
  ])
  return moments.reduce((latest, moment) => Math.max(latest, time(moment) ?? 0), 0)
}

function rowOf(row: TaskRunView, start: number, now: number): GanttRow {
  return {
    id: `${row.task} ${row.key ?? ''}`,
    task: row.task,
    key: row.key,
    state: row.state,
    bars: barsOf(row, start, now),
    length: took(row, now),
    attempts: row.attempts.length,
    items: null,
  }
}

/** All items as one row: from the first that began to the last that ended. */
function foldedRow(task: string, items: readonly GanttRow[], length: number | null, open: boolean): GanttRow {
  const running = items.flatMap((item) => item.bars.filter((bar) => bar.kind === 'running'))
  const state = shownState(items.map((item) => item.state))
  const from = Math.min(...running.map((bar) => bar.from))
  const to = Math.max(...running.map((bar) => bar.to))
  return {
    id: `${task} items`,
    task,
    key: null,
    state,
    bars: running.length === 0 ? [] : [{ kind: 'running', from, to, state }],
    length,
    attempts: 0,
    items: { total: items.length, done: items.filter((item) => isTerminalTaskRun(item.state)).length, open },
  }
}

/**
 * Rows in the order of the tasks. `toggled`: tasks whose items are shown or folded other than by their number.
 * @param clock ms since 1970: what has not ended goes on until then, or until the last news of the run where that is later
 */
export function ganttOf(run: RunDetail, toggled: ReadonlySet<string>, clock: number): Gantt {
  const start = Date.parse(run.startedAt ?? run.createdAt)
  const now = Math.max(clock, lastNews(run))
  const byTask = Map.groupBy(run.taskRuns, (row) => row.task)
  const rows = [...byTask].flatMap(([task, items]): GanttRow[] => {
    const all = items.map((item) => rowOf(item, start, now))
    if (items.length === 1) return all
    const open = items.length <= fewItems !== toggled.has(task)
    const folded = foldedRow(task, all, tookTogether(items, now), open)
    if (!open) return [folded]
    return items.length <= fewItems && !toggled.has(task) ? all : [folded, ...all]
  })
  const length = Math.max(1, ...rows.flatMap((row) => row.bars.map((bar) => bar.to)))
  return { rows, length }
}
