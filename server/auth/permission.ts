/** Who may do what, in one place: a role of a team, and what it takes. */
import { DagbokError } from '../domain/errors/errors.ts'
import type { Actor } from '../services/actor.ts'

export const roles = ['viewer', 'editor', 'owner'] as const
export type Role = (typeof roles)[number]

/** The least role for each thing that can be done in a team. */
export const permissions = {
  'team:read': 'viewer',
  'repository:read': 'viewer',
  'repository:write': 'editor',
  'run:read': 'viewer',
  'run:write': 'editor',
  'comparison:read': 'viewer',
  'share:write': 'editor',
  'pool:read': 'viewer',
  'pool:write': 'owner',
  'secret:read': 'viewer',
  'secret:write': 'owner',
  'worker:read': 'viewer',
  'worker:write': 'owner',
} as const satisfies Record<string, Role>
export type Permission = keyof typeof permissions

const atLeast = (role: Role, least: Role) => roles.indexOf(role) >= roles.indexOf(least)

/** The actor's team of this name, if the role allows it. A team of others is not there. @throws `not_found`, `forbidden` */
export function requireTeam(
  actor: Actor,
  name: string,
  permission: Permission,
): { id: string; name: string } {
  const team = actor.teams.find((one) => one.name === name)
  return checked(team, permission)
}

/** The same by id. */
export function requireTeamId(
  actor: Actor,
  id: string,
  permission: Permission,
): { id: string; name: string } {
  return checked(
    actor.teams.find((one) => one.id === id),
    permission,
  )
}

function checked(
  team: Actor['teams'][number] | undefined,
  permission: Permission,
): { id: string; name: string } {
  if (team === undefined) throw new DagbokError('not_found', 'There is no such team, or you are not in it.')
  if (!atLeast(team.role, permissions[permission]))
    throw new DagbokError(
      'forbidden',
      `This takes the role ${permissions[permission]}; in ${team.name} yours is ${team.role}.`,
    )
  return team
}
