/** `TEAM/REPO/DAG` to the DAG, for whoever may do the thing that is asked for. */
import { findDagRow, type DagRow } from '#db/queries/dag-view.ts'
import { requireTeam, type Permission } from '../../auth/permission.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { DagRef } from '../../views/common.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'

/** @throws DagbokError `not_found`, `forbidden` */
export async function requireDag(
  ctx: ServiceContext,
  actor: Actor,
  ref: DagRef,
  permission: Permission,
): Promise<DagRow> {
  const team = requireTeam(actor, ref.team, permission)
  const row = await findDagRow(ctx.db, team.id, ref.repo, ref.dag)
  if (row === null) throw new DagbokError('not_found', `There is no DAG ${ref.team}/${ref.repo}/${ref.dag}.`)
  return row
}
