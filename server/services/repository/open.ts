import { announce } from '#db/queries/live.ts'
import {
  findRepository,
  insertRepository,
  repositoryById,
  type RepositoryRow,
} from '#db/queries/repository.ts'
import { requireTeam } from '../../auth/permission.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Actor } from '../actor.ts'
import type { ServiceContext } from '../context.ts'
import { requireRoom } from '../require-room.ts'

const namePattern = /^[a-z0-9][a-z0-9._-]{0,62}$/

/** Makes a repository, in the database and on disk. A second time changes nothing. @throws `bad_input`, `forbidden` */
export async function createRepository(
  ctx: ServiceContext,
  actor: Actor,
  teamName: string,
  name: string,
): Promise<RepositoryRow> {
  const team = requireTeam(actor, teamName, 'repository:write')
  if (!namePattern.test(name) || name.endsWith('.git'))
    throw new DagbokError(
      'bad_input',
      `'${name}' cannot be the name of a repository: a to z, 0 to 9, '.', '_' and '-', 63 at most, a letter or digit first.`,
    )
  const id = await insertRepository(ctx.db, team.id, name)
  await ctx.repositories.create(id)
  await announce(ctx.db, [`repository:${id}`])
  const row = await repositoryById(ctx.db, id)
  if (row === null) throw new DagbokError('not_found', 'The repository was deleted while it was made.')
  return row
}

/** The repository that a git client asks for; a push makes it. @throws `not_found`, `forbidden`, `bad_input`, `unavailable` */
export async function openRepository(
  ctx: ServiceContext,
  actor: Actor,
  teamName: string,
  name: string,
  write: boolean,
): Promise<RepositoryRow> {
  requireTeam(actor, teamName, write ? 'repository:write' : 'repository:read')
  // Before one is made; only who may write is told of the disk.
  if (write) await requireRoom(ctx)
  const found = await findRepository(ctx.db, teamName, name)
  if (found === null && write) return createRepository(ctx, actor, teamName, name)
  if (found === null)
    throw new DagbokError('not_found', `There is no repository ${teamName}/${name}: push to it to make it.`)
  // A crash between the row and the folder leaves the row alone.
  await ctx.repositories.create(found.id)
  return found
}
