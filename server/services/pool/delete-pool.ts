import { insertAudit } from '#db/queries/audit.ts'
import { announce } from '#db/queries/live.ts'
import { deletePool as remove } from '#db/queries/pool.ts'
import { requireTeam } from '../../auth/permission.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'

/** Tasks that name it wait until it is there again. @throws DagbokError `not_found`, `forbidden` */
export async function deletePool(
  ctx: ServiceContext,
  actor: Actor,
  { team, name }: { team: string; name: string },
): Promise<void> {
  const { id: teamId } = requireTeam(actor, team, 'pool:write')
  await ctx.db.transaction(async (tx) => {
    if (!(await remove(tx, teamId, name)))
      throw new DagbokError('not_found', `There is no pool ${name} in ${team}.`)
    await insertAudit(tx, { teamId, userId: actor.userId, verb: 'pool.delete', details: { name } })
    await announce(tx, [`pool:${teamId}`])
  })
}
