import { specOf } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { checkParams } from './check-params.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'
import { createRun } from './create-run.ts'
import { requireRun } from './read-run.ts'
import { resolveVersion } from '../version/resolve-version.ts'

/**
 * A new run with the params of an old one; `version` null is the old one's version.
 * @throws DagbokError `not_found`, `forbidden`, `bad_input` when the params do not fit the other version
 */
export async function rerun(
  ctx: ServiceContext,
  actor: Actor,
  id: string,
  version: string | null,
): Promise<{ id: string; number: number }> {
  const old = await requireRun(ctx, actor, id, 'run:write')
  const dag = await requireDag(ctx, actor, { team: old.team, repo: old.repo, dag: old.dag }, 'run:write')
  const target = version === null ? { id: old.versionId } : await resolveVersion(ctx, dag, version)
  const spec = await specOf(ctx.db, target.id)
  if (spec === null) throw new DagbokError('not_found', 'There is no such version.')
  const params = target.id === old.versionId ? old.params : checkParams(paramsSchema(spec), old.params)
  return ctx.db.transaction((tx) =>
    createRun(tx, {
      dagId: old.dagId,
      versionId: target.id,
      spec,
      usual: ctx.deployment,
      trigger: actor.via === 'session' ? 'manual' : 'api',
      triggeredBy: actor.userId,
      params,
      parentId: old.id,
      verb: 'rerun',
      logicalDate: old.logicalDate,
      intervalStart: old.intervalStart,
      intervalEnd: old.intervalEnd,
      schedule: old.schedule,
      causes: old.causes,
    }),
  )
}
