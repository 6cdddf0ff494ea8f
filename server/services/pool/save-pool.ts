import { insertAudit } from '#db/queries/audit.ts'
import { announce, wakeScheduler } from '#db/queries/live.ts'
import { savePool as save } from '#db/queries/pool.ts'
import { requireTeam } from '../../auth/permission.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'

/** Makes a pool, or gives it another number of slots; what holds slots goes on. @throws DagbokError `not_found`, `forbidden` */
export async function savePool(
  ctx: ServiceContext,
  actor: Actor,
  given: { team: string; name: string; slots: number },
): Promise<void> {
  const { id: teamId } = requireTeam(actor, given.team, 'pool:write')
  const { name, slots } = given
  await ctx.db.transaction(async (tx) => {
    await save(tx, { teamId, name, slots })
    await insertAudit(tx, { teamId, userId: actor.userId, verb: 'pool.set', details: { name, slots } })
    await announce(tx, [`pool:${teamId}`])
    await wakeScheduler(tx)
  })
}
