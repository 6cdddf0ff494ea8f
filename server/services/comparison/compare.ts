/** Runs side by side, from what they left; nothing is computed in the browser that a verdict depends on. */
import { findDagRow } from '#db/queries/dag-view.ts'
import {
  metricsOf,
  outputsOf,
  runsById,
  taskRunsOf,
  valuesOf,
  type RunViewRow,
} from '#db/queries/run-view.ts'
import { specOf } from '#db/queries/version.ts'
import { compareFigures, verdictOf } from '../../domain/comparison/figures.ts'
import type { ComparisonState } from '../../domain/comparison/state.ts'
import type { Task } from '../../domain/dag/spec.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { canonicalJson, type Json } from '../../domain/json.ts'
import type { Comparison, FieldRow, MetricRow, OutputRow } from '../../views/comparison.ts'
import type { ServiceContext } from '../context.ts'
import { runSummary } from '../run/views.ts'
import { diffVersions } from '../version/read-version.ts'
import { shownTasks, type Shown } from './shown-tasks.ts'

type TaskRuns = Awaited<ReturnType<typeof taskRunsOf>>
interface Place {
  runId: string
  task: string
  key: string | null
  name: string
  was: string | null
}

/** What of the runs stands in one row: by task, item and name; of several (attempts, steps) the last. */
function rowsOf<T extends Place>(all: readonly T[], runs: readonly string[]) {
  const rows = new Map<
    string,
    Pick<Place, 'task' | 'key' | 'name'> & { was: string[]; cells: (T | null)[] }
  >()
  for (const one of all) {
    const id = JSON.stringify([one.task, one.key, one.name])
    const { task, key, name, was } = one
    const row = rows.get(id) ?? { task, key, name, was: [], cells: runs.map(() => null) }
    if (was !== null && !row.was.includes(was)) row.was.push(was)
    row.cells[runs.indexOf(one.runId)] = one
    rows.set(id, row)
  }
  return [...rows.values()]
}

function metricRows(
  metrics: readonly Shown<Awaited<ReturnType<typeof metricsOf>>[number]>[],
  runs: readonly string[],
  base: number,
  declaredBy: (task: string) => Task | undefined,
): MetricRow[] {
  return rowsOf(metrics, runs).map(({ task, key, name, was, cells }) => {
    const declared = declaredBy(task)?.metrics[name]
    const { better, tolerance } = declared ?? { better: null, tolerance: null }
    return {
      task,
      key,
      name,
      was,
      better,
      tolerance,
      cells: compareFigures(
        cells.map((cell) => cell?.value ?? null),
        base,
        { better, tolerance },
      ),
    }
  })
}

const allEqual = (cells: readonly Json[]) => new Set(cells.map((cell) => canonicalJson(cell))).size === 1

function fieldRows(
  given: readonly Shown<Awaited<ReturnType<typeof valuesOf>>[number]>[],
  rows: readonly RunViewRow[],
): FieldRow[] {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row.params)))].sort()
  const params = names.map((name): FieldRow => {
    const cells = rows.map((row) => row.params[name] ?? null)
    return { kind: 'param', task: null, key: null, name, was: [], cells, same: allEqual(cells) }
  })
  const values = rowsOf(
    given,
    rows.map((row) => row.id),
  ).map(({ task, key, name, was, cells }): FieldRow => {
    const json = cells.map((cell) => cell?.value ?? null)
    return { kind: 'value', task, key, name, was, cells: json, same: allEqual(json) }
  })
  return [...params, ...values]
}

function kindOf(mediaType: string): OutputRow['kind'] {
  if (mediaType === 'text/csv' || mediaType === 'text/tab-separated-values') return 'table'
  if (['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/svg+xml'].includes(mediaType))
    return 'image'
  if (mediaType === 'application/json') return 'json'
  return mediaType.startsWith('text/') ||
    mediaType === 'application/x-ndjson' ||
    mediaType === 'application/yaml'
    ? 'text'
    : 'binary'
}

const outputRows = (
  outputs: readonly Shown<Awaited<ReturnType<typeof outputsOf>>[number]>[],
  runs: readonly string[],
): OutputRow[] =>
  rowsOf(outputs, runs).map(({ task, key, name, was, cells }) => {
    const some = cells.find((cell) => cell !== null)
    return {
      task,
      key,
      name,
      was,
      path: some?.path ?? '',
      kind: kindOf(some?.mediaType ?? ''),
      cells: cells.map((cell) =>
        cell === null
          ? null
          : {
              hash: cell.hash,
              size: cell.size,
              mediaType: cell.mediaType,
              url: `/api/artifacts/attempts/${cell.attemptId}/outputs/${cell.name}`,
            },
      ),
      same: new Set(cells.map((cell) => cell?.hash ?? '')).size === 1,
    }
  })

function timings(
  taskRuns: readonly Shown<TaskRuns[number]>[],
  rows: readonly RunViewRow[],
): Comparison['timings'] {
  const starts = new Map(rows.map((row) => [row.id, (row.startedAt ?? row.createdAt).getTime()]))
  const all = taskRuns.flatMap((row) =>
    row.queuedAt === null ? [] : [{ ...row, name: '', at: starts.get(row.runId) ?? 0 }],
  )
  return rowsOf(
    all,
    rows.map((row) => row.id),
  ).map(({ task, key, was, cells }) => ({
    task,
    key,
    was,
    cells: cells.map((cell) =>
      cell === null
        ? null
        : {
            queuedAt: (cell.queuedAt?.getTime() ?? cell.at) - cell.at,
            startedAt: cell.startedAt === null ? null : cell.startedAt.getTime() - cell.at,
            endedAt: cell.endedAt === null ? null : cell.endedAt.getTime() - cell.at,
            state: cell.state,
          },
    ),
  }))
}

/** What failed in each run; null where it did not fail. */
function failures(taskRuns: TaskRuns, rows: readonly RunViewRow[]): (string | null)[] {
  return rows.map((row) => {
    if (row.state !== 'failed') return null
    return taskRuns.find((one) => one.runId === row.id && one.state === 'failed')?.task ?? 'the run'
  })
}

export type MaySee = (row: RunViewRow) => boolean

/** The runs in the order they are named, and which of them is the base: the named one, else the oldest. */
async function readRuns(ctx: ServiceContext, state: ComparisonState, may: MaySee) {
  if (new Set(state.runs).size !== state.runs.length)
    throw new DagbokError('bad_input', 'A run stands twice in this comparison: leave one out.')
  const found = new Map((await runsById(ctx.db, state.runs)).map((row) => [row.id, row]))
  const rows = state.runs.map((id) => {
    const row = found.get(id)
    if (row === undefined || !may(row))
      throw new DagbokError('not_found', 'A run of this comparison is not there.')
    return row
  })
  const oldest = rows.toSorted((a, b) => a.createdAt.getTime() - b.createdAt.getTime())[0]
  const base = state.base === undefined ? oldest : rows.find((row) => row.id === state.base)
  if (base === undefined) throw new DagbokError('bad_input', 'The base is none of the runs compared.')
  return { rows, base }
}

/** The outputs of a comparison, with what it takes to hold two of them against each other. */
export interface ComparedOutputs {
  base: { id: string; versionId: string }
  /** Ids, in the order of each row's cells. */
  runs: string[]
  outputs: OutputRow[]
  /** The id that a task has in the base. */
  idInBase: (task: string) => string
}

/** @throws as `compare` */
export async function compareOutputs(
  ctx: ServiceContext,
  state: ComparisonState,
  may: MaySee,
): Promise<ComparedOutputs> {
  const { rows, base } = await readRuns(ctx, state, may)
  const shown = await shownTasks(ctx, rows)
  return {
    base,
    runs: state.runs,
    outputs: outputRows(shown.of(await outputsOf(ctx.db, state.runs)), state.runs),
    idInBase: (task) => shown.idIn(base.id, task),
  }
}

/**
 * Everything that runs are compared by. `may` says whether a run may be seen.
 * @throws DagbokError `not_found` when a run is not there or not the reader's; `bad_input`
 */
export async function compare(ctx: ServiceContext, state: ComparisonState, may: MaySee): Promise<Comparison> {
  const { rows, base } = await readRuns(ctx, state, may)
  const spec = await specOf(ctx.db, base.versionId)
  const shown = await shownTasks(ctx, rows)
  const declaredBy = (task: string) => spec?.tasks.find(({ id }) => id === shown.idIn(base.id, task))
  const taskRuns = await taskRunsOf(ctx.db, state.runs)
  const figures = shown.of(await metricsOf(ctx.db, state.runs))
  const metrics = metricRows(figures, state.runs, rows.indexOf(base), declaredBy)
  const failedIn = failures(taskRuns, rows)
  const dag = await findDagRow(ctx.db, base.teamId, base.repo, base.dag)
  const versions = []
  for (const row of rows) {
    const comparable = dag !== null && row.dagId === base.dagId && row.versionId !== base.versionId
    versions.push(comparable ? await diffVersions(ctx, dag, base.versionId, row.versionId) : null)
  }
  return {
    state,
    base: base.id,
    runs: rows.map((row, i) => ({ ...runSummary(row, ctx.publicUrl), failedIn: failedIn[i] ?? null })),
    verdict: verdictOf(metrics, failedIn, rows.indexOf(base)),
    fields: fieldRows(shown.of(await valuesOf(ctx.db, state.runs)), rows),
    metrics,
    outputs: outputRows(shown.of(await outputsOf(ctx.db, state.runs)), state.runs),
    timings: timings(shown.of(taskRuns), rows),
    versions,
  }
}
