import { insertAudit } from '#db/queries/audit.ts'
import { insertBackfill } from '#db/queries/backfill.ts'
import { announce, wakeEnqueuers } from '#db/queries/live.ts'
import { lockDag } from '#db/queries/schedule.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Json } from '../../domain/json.ts'
import type { Range } from '../../views/backfill.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireDag } from '../dag/address.ts'
import { paramsSchema } from '../../domain/run/params.ts'
import { checkGiven } from '../run/check-params.ts'
import { resolveVersion } from '../version/resolve-version.ts'
import { planBackfill } from './plan-backfill.ts'

export interface CreateBackfill extends Range {
  ref: DagRef
  /** Its runs that may be queued or running at once. */
  concurrency: number
  /** On top of what the schedule gives. */
  params: Record<string, Json>
}

/** Plans every date; schedulers make the runs, a few at a time. @throws DagbokError `not_found`, `forbidden`, `bad_input` */
export async function createBackfill(
  ctx: ServiceContext,
  actor: Actor,
  given: CreateBackfill,
): Promise<{ id: string; number: number }> {
  const dag = await requireDag(ctx, actor, given.ref, 'run:write')
  const version = await resolveVersion(ctx, dag, given.version ?? null)
  return ctx.db.transaction(async (tx) => {
    await lockDag(tx, dag.id)
    const { versionId, spec, key, entry, ticks } = await planBackfill(tx, dag, version, given)
    if (!ticks.some((tick) => tick.plan === 'run'))
      throw new DagbokError(
        'bad_input',
        ticks.length === 0
          ? `From ${given.from} to ${given.to} the schedule has no date that is due by now.`
          : `There is nothing to run: each of the ${ticks.length} dates has a run already. Say what to reprocess.`,
      )
    const { from, to, reprocess, order, concurrency } = given
    const params = checkGiven(paramsSchema(spec), given.params ?? {}, { kept: entry.params })
    const made = await insertBackfill(
      tx,
      {
        dagId: dag.id,
        versionId,
        entry,
        schedule: key,
        from,
        to,
        reprocess,
        order,
        concurrency,
        params,
        createdBy: actor.userId,
      },
      ticks,
    )
    await insertAudit(tx, {
      teamId: dag.teamId,
      dagId: dag.id,
      userId: actor.userId,
      verb: 'backfill.create',
      details: { number: made.number, from, to, reprocess },
    })
    await announce(tx, [`dag:${dag.id}`])
    await wakeEnqueuers(tx, 'backfill')
    return made
  })
}
