import { specOf } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { isTerminalRun } from '../../domain/run/states.ts'
import { planReuse, type PlannedItem } from '../../domain/run/reuse.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { createRun } from './create-run.ts'
import { earlierItems } from './earlier-run.ts'
import { requireRun } from './read-run.ts'

/** What runs again besides what failed: nothing, a task with all that comes after it, or one item of it. */
export interface RecoverChoice {
  task: string | null
  key: string | null
}

async function planOf(ctx: ServiceContext, actor: Actor, id: string, choice: RecoverChoice, write: boolean) {
  const old = await requireRun(ctx, actor, id, write ? 'run:write' : 'run:read')
  if (!isTerminalRun(old.state))
    throw new DagbokError('conflict', `Run ${old.number} is ${old.state}: wait for its end, or cancel it.`)
  const spec = await specOf(ctx.db, old.versionId)
  if (spec === null) throw new DagbokError('not_found', 'There is no such version.')
  const items = await earlierItems(ctx.db, old.id, spec)
  const { task, key } = choice
  if (task !== null && !(items.get(task) ?? []).some((item) => key === null || item.key === key))
    throw new DagbokError(
      'bad_input',
      `Run ${old.number} has no task run ${key === null ? task : `${task} (${key})`}.`,
    )
  const chosen = task === null ? [] : [{ task, key }]
  return { old, spec, plan: planReuse({ tasks: spec.tasks, old: items, changed: () => null, chosen }) }
}

/** What a Recover would take over and what it would run again. @throws DagbokError as `recoverRun` */
export async function previewRecover(
  ctx: ServiceContext,
  actor: Actor,
  id: string,
  choice: RecoverChoice,
): Promise<PlannedItem[]> {
  return (await planOf(ctx, actor, id, choice, false)).plan
}

/**
 * A new run of the same version, params and logical date that takes over what succeeded.
 * @throws DagbokError `not_found`, `forbidden`, `conflict` while the run goes on, `bad_input` when nothing would run
 */
export async function recoverRun(
  ctx: ServiceContext,
  actor: Actor,
  id: string,
  choice: RecoverChoice,
): Promise<{ id: string; number: number }> {
  const { old, spec, plan } = await planOf(ctx, actor, id, choice, true)
  if (plan.every((item) => item.reuse !== null))
    throw new DagbokError(
      'bad_input',
      `Everything in run ${old.number} succeeded: name a task to run again, or rerun it.`,
    )
  return ctx.db.transaction((tx) =>
    createRun(tx, {
      dagId: old.dagId,
      versionId: old.versionId,
      spec,
      usual: ctx.deployment,
      plan,
      trigger: actor.via === 'session' ? 'manual' : 'api',
      triggeredBy: actor.userId,
      params: old.params,
      parentId: old.id,
      verb: 'recover',
      logicalDate: old.logicalDate,
      intervalStart: old.intervalStart,
      intervalEnd: old.intervalEnd,
      schedule: old.schedule,
      causes: old.causes,
    }),
  )
}
