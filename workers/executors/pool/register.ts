import type { Database } from '#db/client.ts'
import { announce } from '#db/queries/live.ts'
import { inheritAttempts, registerWorker } from '#db/queries/worker.ts'
import type { WorkerActor } from '#server/services/worker/worker-tokens.ts'
import type { OrphanedAttempt } from '../executor.ts'
import type { Registration } from './protocol.ts'

/**
 * Writes a worker down; one that registers twice, since an answer was lost, is written down once.
 * @returns attempts that earlier lives of it left: it ends what may still run, and says that they are lost
 */
export async function register(
  db: Database,
  actor: WorkerActor,
  given: Registration,
): Promise<OrphanedAttempt[]> {
  return db.transaction(async (tx) => {
    await registerWorker(tx, { ...given, tokenId: actor.tokenId })
    await announce(tx, [`worker:${actor.teamId}`])
    return inheritAttempts(tx, { id: given.id, host: given.host, tokenId: actor.tokenId })
  })
}
