import { findAttempt } from '#db/queries/attempt-record.ts'
import { valuesOfRun } from '#db/queries/attempt.ts'
import { taskRunsOf, type RunViewRow } from '#db/queries/run-view.ts'
import { attemptsOf } from '#db/queries/run-view.ts'
import { digestsOfVersion } from '#db/queries/version-image.ts'
import { specOf } from '#db/queries/version.ts'
import type { Spec, Task } from '../../domain/dag/spec.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { ItemFacts, Viewer } from '../../domain/expression/facts.ts'
import { beforeItsStart } from '../../domain/expression/render-known.ts'
import type { Json } from '../../domain/json.ts'
import { foldedState } from '../../domain/run/machine.ts'
import { nameOf } from '../../domain/run/why/sentence.ts'
import type { PodView } from '../../views/pod.ts'
import type { ServiceContext } from '../context.ts'
import { machineOf } from '../run/machine-of.ts'
import { isoOrNull } from '../run/views.ts'
import { seenOf } from './last-seen.ts'
import { plannedPod } from './planned-pod.ts'
import { noPod, plannedView, seenView } from './pod-view.ts'
import { clusterOf } from './which-cluster.ts'

type TaskRow = Awaited<ReturnType<typeof taskRunsOf>>[number]

interface Shown {
  spec: Spec
  task: Task
  row: RunViewRow
  taskRow: TaskRow
  rows: TaskRow[]
}

/** What an expression of the task may know now. */
async function viewerOf(ctx: ServiceContext, { spec, task, row, taskRow, rows }: Shown): Promise<Viewer> {
  const machine = machineOf(row, spec, rows)
  const values = new Map<string, Record<string, Json>>()
  const ids = spec.tasks.map(({ id }) => id)
  for (const one of await valuesOfRun(ctx.db, row.id, ids)) {
    const at = `${one.task} ${one.index}`
    values.set(at, { ...values.get(at), [one.name]: one.value })
  }
  const folded = (id: string) => {
    const node = machine.plan.numbers.get(id)
    return node === undefined ? null : foldedState(machine, node)
  }
  const date = (time: Date | null) => isoOrNull(time) ?? ''
  const mapped = task.map !== null && taskRow.key !== null
  const viewer: Viewer = {
    spec,
    task,
    key: taskRow.key,
    ...(mapped ? { item: { value: taskRow.item ?? null, index: taskRow.index } } : {}),
    facts: {
      params: row.params,
      run: {
        id: row.id,
        dag: spec.id,
        version: `v${row.versionNumber}`,
        channel: '',
        trigger: row.trigger,
        logical_date: date(row.logicalDate),
        interval_start: date(row.intervalStart),
        interval_end: date(row.intervalEnd),
      },
      causes: row.causes,
      task: (id) => ({
        state: folded(id) ?? 'waiting',
        items: rows
          .filter((one) => one.task === id)
          .map(({ key, state, index }): ItemFacts => ({
            key,
            state,
            values: values.get(`${id} ${index}`) ?? {},
          })),
      }),
    },
  }
  return beforeItsStart(viewer, (id) => folded(id) !== null)
}

async function shownOf(
  ctx: ServiceContext,
  row: RunViewRow,
  { task: id, key }: { task: string; key: string | null },
): Promise<Shown> {
  const spec = await specOf(ctx.db, row.versionId)
  const task = spec?.tasks.find((one) => one.id === id)
  const rows = await taskRunsOf(ctx.db, [row.id])
  const taskRow = rows.find((one) => one.task === id && one.key === key)
  if (spec === null || task === undefined || taskRow === undefined)
    throw new DagbokError('not_found', `Run ${row.number} has no task run ${nameOf({ task: id, key })}.`)
  return { spec, task, row, taskRow, rows }
}

/**
 * The pod of an attempt as it was last seen; before that has ended, the one that it is asked for as; without an attempt, the one
 * that the first would be.
 * @param n of the attempt; null: the newest
 * @throws DagbokError `not_found`
 */
export async function podOfTaskRun(
  ctx: ServiceContext,
  row: RunViewRow,
  { task: id, key, n: wanted }: { task: string; key: string | null; n: number | null },
): Promise<PodView> {
  const shown = await shownOf(ctx, row, { task: id, key })
  const { taskRow } = shown
  const made = (await attemptsOf(ctx.db, [row.id])).filter((one) => one.taskRunId === taskRow.id)
  const n = wanted ?? made.at(-1)?.n ?? 1
  const place = { task: id, key, n }
  const found = await findAttempt(ctx.db, { runId: row.id, task: id, key, n })
  if (found === null && wanted !== null && wanted !== 1)
    throw new DagbokError('not_found', `${nameOf(place)} of run ${row.number} has no attempt ${n}.`)
  const { attempt = null } = found ?? {}
  if (attempt !== null && attempt.executor !== 'kubernetes')
    return noPod(place, `${nameOf(place)} was no pod: \`${attempt.executor}\` ran it.`)
  const seen = seenOf(attempt?.handle ?? null)
  if (seen !== null) return seenView(place, seen)
  const cluster = clusterOf(shown.task, ctx)
  if (typeof cluster === 'string') return noPod(place, cluster)
  const planned = plannedPod({
    viewer: await viewerOf(ctx, shown),
    cluster,
    team: row.team,
    versionId: row.versionId,
    runId: row.id,
    digests: await digestsOfVersion(ctx.db, row.versionId),
    attemptId: attempt?.id ?? null,
    n,
  })
  return plannedView(place, planned, wordsOf(n, attempt))
}

function wordsOf(n: number, attempt: { endedAt: Date | null } | null): string {
  if (attempt === null) return `The pod that attempt ${n} would be.`
  if (attempt.endedAt === null) return `The pod of attempt ${n}, as it is asked for.`
  return `Nobody saw a pod of attempt ${n}: this is what it was to be.`
}
