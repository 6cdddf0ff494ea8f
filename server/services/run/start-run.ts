import { insertAudit } from '#db/queries/audit.ts'
import { specOf } from '#db/queries/version.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { checkGiven } from './check-params.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'
import { resolveVersion } from '../version/resolve-version.ts'
import { createRun } from './create-run.ts'

export interface StartRun {
  ref: DagRef
  version: string | null
  params: Record<string, Json>
  /** Starts whatever the DAG's run strategy says. */
  force: boolean
}

/** @throws DagbokError `not_found`, `forbidden`, `bad_input` */
export async function startRun(
  ctx: ServiceContext,
  actor: Actor,
  given: StartRun,
): Promise<{ id: string; number: number }> {
  const dag = await requireDag(ctx, actor, given.ref, 'run:write')
  const version = await resolveVersion(ctx, dag, given.version)
  const spec = await specOf(ctx.db, version.id)
  if (spec === null) throw new DagbokError('not_found', 'There is no such version.')
  const params = checkGiven(paramsSchema(spec), given.params)
  return ctx.db.transaction(async (tx) => {
    const made = await createRun(tx, {
      dagId: dag.id,
      versionId: version.id,
      spec,
      usual: ctx.deployment,
      trigger: actor.via === 'session' ? 'manual' : 'api',
      triggeredBy: actor.userId,
      params,
      forced: given.force,
    })
    if (given.force)
      await insertAudit(tx, {
        teamId: dag.teamId,
        dagId: dag.id,
        userId: actor.userId,
        verb: 'run.force',
        details: { run: made.number },
      })
    return made
  })
}
