import { insertAudit } from '#db/queries/audit.ts'
import { announce } from '#db/queries/live.ts'
import { countSecrets, insertSecret, lockSecrets, replaceSecret } from '#db/queries/secret.ts'
import { requireTeam } from '../../auth/permission.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import { mostSecrets, secretNameFault, secretValue, secretValueFault } from '../../domain/secret/secret.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'

/**
 * Makes a secret, or gives it another value: attempts that start from now on get that. It is told to nobody afterwards.
 * @throws DagbokError `bad_input`, `too_many`, `not_found`, `forbidden`
 */
export async function setSecret(
  ctx: ServiceContext,
  actor: Actor,
  { team, name, value: given }: { team: string; name: string; value: string },
): Promise<void> {
  const { id: teamId } = requireTeam(actor, team, 'secret:write')
  const nameFault = secretNameFault(name)
  if (nameFault !== null) throw new DagbokError('bad_input', `'${name}' ${nameFault}.`)
  const value = secretValue(given)
  const valueFault = secretValueFault(value)
  if (valueFault !== null) throw new DagbokError('bad_input', valueFault)
  const sealed = ctx.secrets.seal({ teamId, name }, value)
  await ctx.db.transaction(async (tx) => {
    await lockSecrets(tx, teamId)
    if (!(await replaceSecret(tx, teamId, name)) && (await countSecrets(tx, teamId)) >= mostSecrets)
      throw new DagbokError('too_many', `A team has ${mostSecrets} secrets at most: delete one first.`)
    await insertSecret(tx, { teamId, name, sealed, createdBy: actor.userId })
    await insertAudit(tx, { teamId, userId: actor.userId, verb: 'secret.set', details: { name } })
    await announce(tx, [`secret:${teamId}`])
  })
}
