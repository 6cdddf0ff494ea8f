/** For tests: services called by the first owner, on a database alone. */
import { pino } from 'pino'
import type { Database } from '#db/client.ts'
import { ensureFirstOwner } from '#db/queries/sign-in.ts'
import type { Actor } from '#server/services/actor.ts'
import { plainDeployment } from '#server/domain/run/deployment.ts'
import { Disks } from '#server/storage/disks.ts'
import type { ServiceContext } from '#server/services/context.ts'

export async function asOwner(db: Database): Promise<[ServiceContext, Actor]> {
  const { teamId, userId } = await ensureFirstOwner(db, { team: 'main', user: 'Owner', email: 'o@x' })
  const never = new Proxy({}, { get: () => () => Promise.reject(new Error('not for this test')) })
  const ctx = {
    db,
    artifacts: never as ServiceContext['artifacts'],
    repositories: never as ServiceContext['repositories'],
    compiler: never as ServiceContext['compiler'],
    deployment: plainDeployment,
    clusters: [],
    disks: new Disks([], 0),
    tables: never as ServiceContext['tables'],
    secrets: never as ServiceContext['secrets'],
    log: pino({ level: 'silent' }),
    publicUrl: '',
  }
  const actor: Actor = {
    userId,
    name: 'Owner',
    email: 'o@x',
    via: 'session',
    teams: [{ id: teamId, name: 'main', role: 'owner' }],
  }
  return [ctx, actor]
}
