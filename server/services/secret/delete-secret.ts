import { insertAudit } from '#db/queries/audit.ts'
import { announce } from '#db/queries/live.ts'
import { lockSecrets, replaceSecret } from '#db/queries/secret.ts'
import { requireTeam } from '../../auth/permission.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'

/** Tasks that name it fail from now on; attempts that have it keep it. @throws DagbokError `not_found`, `forbidden` */
export async function deleteSecret(
  ctx: ServiceContext,
  actor: Actor,
  { team, name }: { team: string; name: string },
): Promise<void> {
  const { id: teamId } = requireTeam(actor, team, 'secret:write')
  await ctx.db.transaction(async (tx) => {
    await lockSecrets(tx, teamId)
    if (!(await replaceSecret(tx, teamId, name)))
      throw new DagbokError('not_found', `There is no secret ${name} in ${team}.`)
    await insertAudit(tx, { teamId, userId: actor.userId, verb: 'secret.delete', details: { name } })
    await announce(tx, [`secret:${teamId}`])
  })
}
