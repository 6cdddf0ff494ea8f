/** Rows of runs in the shapes that cross the wire. */
import type { attemptsOf, RunViewRow, taskRunsOf } from '#db/queries/run-view.ts'
import { nameOfQueue } from '#db/queries/worker.ts'
import type { DagRow } from '#db/queries/dag-view.ts'
import type { Spec, Task } from '../../domain/dag/spec.ts'
import { whyThere } from '../../domain/run/cause.ts'
import { ignoredOf } from '../../domain/run/ignored.ts'
import { reasonWords } from '../../domain/run/states.ts'
import type { VersionLabel } from '../../views/common.ts'
import type { RunSummary } from '../../views/dag.ts'
import type { AttemptView, RunDetail, TaskRunView } from '../../views/run.ts'
import type { Graph } from '../../views/version.ts'
import type { WhyNotRunning } from '../../views/why.ts'

export const isoOrNull = (time: Date | null): string | null => time?.toISOString() ?? null

export const versionLabelOf = (row: {
  versionId: string
  versionNumber: number
  commit: string
  subject: string
  author: string
  committedAt: Date
}) => ({
  id: row.versionId,
  number: row.versionNumber,
  commit: row.commit,
  subject: row.subject,
  author: row.author,
  committedAt: row.committedAt.toISOString(),
})

/** The version at a DAG's default branch; null while there is none. */
export const versionLabelAtTip = (row: DagRow): VersionLabel | null => {
  const { versionId, versionNumber, commit, subject, author, committedAt } = row
  if (versionId === null || versionNumber === null || committedAt === null) return null
  return versionLabelOf({
    versionId,
    versionNumber,
    commit: commit ?? '',
    subject: subject ?? '',
    author: author ?? '',
    committedAt,
  })
}

const pathOfDag = (row: Pick<RunViewRow, 'team' | 'repo' | 'dag'>): string =>
  `/${row.team}/${row.repo}/${row.dag}`

export const pathOfRun = (row: Pick<RunViewRow, 'team' | 'repo' | 'dag' | 'number'>): string =>
  `${pathOfDag(row)}/runs/${row.number}`

export function runSummary(row: RunViewRow, publicUrl: string): RunSummary {
  return {
    id: row.id,
    number: row.number,
    dag: { team: row.team, repo: row.repo, dag: row.dag },
    version: versionLabelOf(row),
    state: row.state,
    reason: row.reason,
    message: row.message,
    cancelling: row.cancelRequestedAt !== null && row.endedAt === null,
    trigger: row.trigger,
    triggeredBy: row.triggeredBy,
    forced: row.forced,
    params: row.params,
    parent:
      row.parentId === null || row.parentNumber === null || row.verb === null
        ? null
        : { id: row.parentId, number: row.parentNumber, verb: row.verb },
    logicalDate: isoOrNull(row.logicalDate),
    intervalStart: isoOrNull(row.intervalStart),
    intervalEnd: isoOrNull(row.intervalEnd),
    why: whyThere({
      trigger: row.trigger,
      by: row.triggeredBy,
      forced: row.forced,
      schedule: row.schedule,
      logicalDate: isoOrNull(row.logicalDate),
      backfill: row.backfill,
      causes: row.causes,
    }),
    causes: row.causes.map((cause) => ({
      ...cause,
      url: `${publicUrl}${pathOfRun({ team: row.team, ...cause })}`,
    })),
    backfill:
      row.backfill === null
        ? null
        : { number: row.backfill, url: `${publicUrl}${pathOfDag(row)}/backfills?number=${row.backfill}` },
    createdAt: row.createdAt.toISOString(),
    startedAt: isoOrNull(row.startedAt),
    endedAt: isoOrNull(row.endedAt),
    url: `${publicUrl}${pathOfRun(row)}`,
  }
}

type TaskRows = Awaited<ReturnType<typeof taskRunsOf>>
type AttemptRows = Awaited<ReturnType<typeof attemptsOf>>

type SaidOfTask = Pick<Task, 'id'> & Partial<Pick<Task, 'description' | 'effects'>>
type AttemptColumns = Omit<AttemptRows[number], 'runId' | 'taskRunId'>

export const attemptView = (one: AttemptColumns): AttemptView => ({
  id: one.id,
  n: one.n,
  state: one.state,
  reason: one.reason,
  message: one.message,
  executor: one.executor,
  exitCode: one.exitCode,
  signal: one.signal,
  memoryPeak: one.memoryPeak,
  cpuSeconds: one.cpuSeconds,
  createdAt: one.createdAt.toISOString(),
  startedAt: isoOrNull(one.startedAt),
  endedAt: isoOrNull(one.endedAt),
  log: { bytes: one.logBytes, lines: one.logLines, url: `/api/artifacts/attempts/${one.id}/log` },
})

/** In the order of the spec's tasks, items in key order. */
export function taskRunViews(
  spec: Spec,
  rows: TaskRows,
  attempts: AttemptRows,
  whys: ReadonlyMap<string, WhyNotRunning>,
): TaskRunView[] {
  const order = new Map(spec.tasks.map((task, i) => [task.id, i]))
  const byTask = new Map<string, AttemptRows>()
  for (const attempt of attempts)
    byTask.set(attempt.taskRunId, [...(byTask.get(attempt.taskRunId) ?? []), attempt])
  const sorted = rows.toSorted(
    (a, b) => (order.get(a.task) ?? 0) - (order.get(b.task) ?? 0) || a.index - b.index,
  )
  return sorted.map((row) => ({
    task: row.task,
    key: row.key,
    index: row.index,
    state: row.state,
    reason: row.reason,
    message: row.message,
    dueAt: isoOrNull(row.dueAt),
    whyNotRunning: whys.get(row.id) ?? null,
    reusedFrom: row.earlierRun,
    answer: row.answer,
    queuedAt: isoOrNull(row.queuedAt),
    startedAt: isoOrNull(row.startedAt),
    endedAt: isoOrNull(row.endedAt),
    attempts: (byTask.get(row.id) ?? []).map(attemptView),
  }))
}

export const graphOf = (spec: Spec): Graph => ({
  tasks: spec.tasks.map((task) => ({
    id: task.id,
    title: task.title,
    group: task.scope === '' ? null : task.scope,
    needs: task.needs,
    items: task.matrix?.length ?? null,
  })),
})

/** By task: what it asks for and runs without. A task has one queue in a run, as it was settled when that was made. */
export function ignoredBy(
  spec: Spec,
  rows: readonly Pick<TaskRows[number], 'task' | 'queue'>[],
): RunDetail['ignored'] {
  const queues = new Map(rows.map(({ task, queue }) => [task, queue === null ? '' : nameOfQueue(queue)]))
  return Object.fromEntries(
    spec.tasks.flatMap((task) => {
      const queue = queues.get(task.id)
      const ignored = queue === undefined ? null : ignoredOf(task, queue)
      return ignored === null ? [] : [[task.id, ignored]]
    }),
  )
}

/** By task: what its author says of it, where that is something. Versions made before there was a key lack it. */
export const describedBy = (spec: { tasks: readonly SaidOfTask[] }): RunDetail['described'] =>
  Object.fromEntries(
    spec.tasks.flatMap(({ id, description = null, effects = null }) =>
      description === null && effects === null ? [] : [[id, { description, effects }]],
    ),
  )

const nameOf = ({ task, key }: TaskRunView): string => (key === null ? task : `${task} (${key})`)

/** The answer in one line: what failed, and why; whom it waits for; how far it is. */
export function headline(
  { state, reason, cancelledBy }: Pick<RunViewRow, 'state' | 'reason' | 'cancelledBy'>,
  tasks: readonly TaskRunView[],
): string {
  const failed = tasks.filter((task) => task.state === 'failed')
  const [first] = failed
  if (state === 'failed' && first !== undefined) {
    const last = first.attempts.at(-1)
    const doers = { cancelledBy, answeredBy: first.answer?.by ?? null }
    const why = last?.message ?? (first.reason === null ? '' : reasonWords(first.reason, doers))
    const more = failed.length > 1 ? `${failed.length - 1} more failed.` : ''
    return [`Failed: ${nameOf(first)}.`, why, more].filter((part) => part !== '').join(' ')
  }
  const done = tasks.filter((task) => task.state === 'succeeded').length
  const asks = tasks.filter((task) => task.state === 'awaiting_input')
  if (state === 'running' && asks.length > 0) {
    const names = asks.slice(0, 3).map(nameOf).join(', ')
    return `Waits for an answer: ${names}${asks.length > 3 ? ` and ${asks.length - 3} more` : ''}.`
  }
  const words = {
    queued: 'Queued',
    running: 'Running',
    succeeded: 'Succeeded',
    cancelled:
      reason === 'cancel_requested' && cancelledBy !== null ? `Cancelled by ${cancelledBy}` : 'Cancelled',
    failed: 'Failed',
  }
  return `${words[state]}: ${done} of ${tasks.length} task runs succeeded.`
}
