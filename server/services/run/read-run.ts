import { interventionsOf } from '#db/queries/intervention.ts'
import {
  attemptsOf,
  metricsOf,
  outputsOf,
  runsById,
  taskRunsOf,
  valuesOf,
  type RunViewRow,
} from '#db/queries/run-view.ts'
import { specOf } from '#db/queries/version.ts'
import { requireTeamId, type Permission } from '../../auth/permission.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Spec } from '../../domain/dag/spec.ts'
import { inWrittenOrder } from '../../domain/dag/written-order.ts'
import type { RunDetail, TaskResult } from '../../views/run.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { isPod } from '../pod/which-cluster.ts'
import { describedBy, graphOf, headline, ignoredBy, runSummary, taskRunViews } from './views.ts'
import { whysOfRun } from './why-not-running.ts'

/** @throws DagbokError `not_found` also when it is another team's */
export async function requireRun(
  ctx: ServiceContext,
  actor: Actor,
  id: string,
  permission: Permission,
): Promise<RunViewRow> {
  const [row] = await runsById(ctx.db, [id])
  if (row === undefined || !actor.teams.some((team) => team.id === row.teamId))
    throw new DagbokError('not_found', 'There is no such run.')
  requireTeamId(actor, row.teamId, permission)
  return row
}

async function specOfRun(ctx: ServiceContext, row: RunViewRow): Promise<Spec> {
  const spec = await specOf(ctx.db, row.versionId)
  if (spec === null) throw new DagbokError('not_found', 'There is no such version.')
  return spec
}

export async function readRun(ctx: ServiceContext, row: RunViewRow): Promise<RunDetail> {
  const spec = await specOfRun(ctx, row)
  const rows = await taskRunsOf(ctx.db, [row.id])
  const whys = await whysOfRun(ctx, row, spec, rows)
  const taskRuns = taskRunViews(spec, rows, await attemptsOf(ctx.db, [row.id]), whys.taskRuns)
  const summary = runSummary(row, ctx.publicUrl)
  const marks = (await interventionsOf(ctx.db, [row.id])).flatMap(({ deed, task, key, by, at, outcome }) =>
    deed.kind === 'mark'
      ? [{ task, key, as: deed.as, reason: deed.reason, by, at: at.toISOString(), outcome }]
      : [],
  )
  const forms = Object.fromEntries(
    spec.tasks.flatMap(({ id, action }) =>
      action.kind === 'approve'
        ? [[id, { message: action.message, fields: inWrittenOrder(action.form, spec.order?.forms[id]) }]]
        : [],
    ),
  )
  return {
    ...summary,
    params: inWrittenOrder(summary.params, spec.order?.params),
    graph: graphOf(spec),
    taskRuns,
    forms,
    ignored: ignoredBy(spec, rows),
    described: describedBy(spec),
    pods: spec.tasks.filter((task) => isPod(task, ctx)).map(({ id }) => id),
    marks,
    whyNotRunning: whys.run,
    cancelledBy: row.cancelledBy,
    headline: headline(row, taskRuns),
  }
}

/** What the newest attempt of a task (or of one item) left. */
export async function readTaskResult(
  ctx: ServiceContext,
  row: RunViewRow,
  task: string,
  key: string | null,
): Promise<TaskResult> {
  const spec = await specOfRun(ctx, row)
  const mine = <T extends { task: string; key: string | null; n: number }>(all: T[]) => {
    const own = all.filter((one) => one.task === task && one.key === key)
    const newest = own.reduce((n, one) => Math.max(n, one.n), 0)
    return own.filter((one) => one.n === newest)
  }
  const outputs = mine(await outputsOf(ctx.db, [row.id]))
  const declared = spec.tasks.find((one) => one.id === task)?.metrics ?? {}
  return {
    attemptId: outputs[0]?.attemptId ?? null,
    outputs: outputs.map(({ attemptId, name, path, size, hash, mediaType }) => ({
      name,
      path,
      size,
      hash,
      mediaType,
      url: `/api/artifacts/attempts/${attemptId}/outputs/${name}`,
    })),
    metrics: mine(await metricsOf(ctx.db, [row.id])).map(({ name, step, value, declared: known }) => ({
      name,
      step,
      value,
      declared: known,
      better: declared[name]?.better ?? null,
    })),
    values: mine(await valuesOf(ctx.db, [row.id])).map(({ name, value, declared: known }) => ({
      name,
      value: value ?? null,
      declared: known,
    })),
  }
}
