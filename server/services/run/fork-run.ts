import { bundleOfVersion, specOf } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { checkGiven } from './check-params.ts'
import { planReuse, type PlannedItem } from '../../domain/run/reuse.ts'
import { isTerminalRun } from '../../domain/run/states.ts'
import { fingerprintComparer, type Side } from '../../domain/version/task-fingerprint.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'
import { createRun } from './create-run.ts'
import { earlierItems } from './earlier-run.ts'
import { requireRun } from './read-run.ts'
import { readVersion, resolveVersion } from '../version/resolve-version.ts'

export interface ForkChoice {
  /** null is the version at the default branch. */
  version: string | null
  /** In the place of the earlier run's; others stay. */
  params: Record<string, Json>
}

async function sideOf(ctx: ServiceContext, versionId: string, params: Record<string, Json>): Promise<Side> {
  const [spec, files] = await Promise.all([specOf(ctx.db, versionId), bundleOfVersion(ctx.db, versionId)])
  if (spec === null || files === null) throw new DagbokError('not_found', 'There is no such version.')
  return { spec, bundle: files.bundle, params }
}

async function planOf(ctx: ServiceContext, actor: Actor, id: string, choice: ForkChoice, write: boolean) {
  const permission = write ? 'run:write' : 'run:read'
  const old = await requireRun(ctx, actor, id, permission)
  if (!isTerminalRun(old.state))
    throw new DagbokError('conflict', `Run ${old.number} is ${old.state}: wait for its end, or cancel it.`)
  const dag = await requireDag(ctx, actor, { team: old.team, repo: old.repo, dag: old.dag }, permission)
  const target = await (write ? resolveVersion : readVersion)(ctx, dag, choice.version)
  const before = await sideOf(ctx, old.versionId, old.params)
  const after = await sideOf(ctx, target.id, {})
  // A param that the other version has not is left behind, unless it was asked for.
  const kept = Object.fromEntries(Object.entries(old.params).filter(([name]) => name in after.spec.params))
  after.params = checkGiven(paramsSchema(after.spec), choice.params, { kept })
  const plan = planReuse({
    tasks: after.spec.tasks,
    old: await earlierItems(ctx.db, old.id, after.spec),
    changed: fingerprintComparer(before, after),
    chosen: [],
  })
  return { old, target, after, plan }
}

/** What a Fork would take over and what it would run, and why. @throws DagbokError as `forkRun` */
export async function previewFork(
  ctx: ServiceContext,
  actor: Actor,
  id: string,
  choice: ForkChoice,
): Promise<PlannedItem[]> {
  return (await planOf(ctx, actor, id, choice, false)).plan
}

/**
 * A new run of another version, or with other params, that takes over what would come out the same.
 * @throws DagbokError `not_found`, `forbidden`, `conflict` while the run goes on, `bad_input` when the params do not fit
 */
export async function forkRun(
  ctx: ServiceContext,
  actor: Actor,
  id: string,
  choice: ForkChoice,
): Promise<{ id: string; number: number }> {
  const { old, target, after, plan } = await planOf(ctx, actor, id, choice, true)
  return ctx.db.transaction((tx) =>
    createRun(tx, {
      dagId: old.dagId,
      versionId: target.id,
      spec: after.spec,
      usual: ctx.deployment,
      plan,
      trigger: actor.via === 'session' ? 'manual' : 'api',
      triggeredBy: actor.userId,
      params: after.params,
      parentId: old.id,
      verb: 'fork',
      logicalDate: old.logicalDate,
      intervalStart: old.intervalStart,
      intervalEnd: old.intervalEnd,
      schedule: old.schedule,
      causes: old.causes,
    }),
  )
}
