/** Tokens of workers: `dgw_…`, shown once, kept as a hash. They open `/api/worker/` and nothing else. */
import { createHash, randomBytes } from 'node:crypto'
import type { Queryable } from '#db/client.ts'
import { insertAudit } from '#db/queries/audit.ts'
import { announce } from '#db/queries/live.ts'
import { findWorkerToken, insertWorkerToken, revokeWorkerToken as revoke } from '#db/queries/worker.ts'
import { DagbokError } from '../../domain/errors/errors.ts'

/** Who a worker is by its token. */
export interface WorkerActor {
  tokenId: string
  /** Only this team's attempts are for it. */
  teamId: string
  /** The one queue that it may serve; null: any but those of images. */
  queue: string | null
}

const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** The secret is in the answer and nowhere else. @param given `createdBy` null: the product itself. @throws DagbokError `bad_input` */
export async function createWorkerToken(
  q: Queryable,
  given: { teamId: string; createdBy: string | null; name: string; queue?: string },
): Promise<{ id: string; secret: string }> {
  const name = given.name.trim()
  if (name === '' || name.length > 100)
    throw new DagbokError(
      'bad_input',
      'Give the token a name of 1 to 100 characters: which workers it is for.',
    )
  const secret = `dgw_${randomBytes(30).toString('base64url')}`
  const { teamId, createdBy } = given
  const id = await q.transaction(async (tx) => {
    const made = await insertWorkerToken(tx, {
      ...given,
      name,
      secretHash: hash(secret),
      prefix: secret.slice(0, 8),
    })
    await insertAudit(tx, { teamId, userId: createdBy, verb: 'worker_token.create', details: { name } })
    await announce(tx, [`worker:${teamId}`])
    return made
  })
  return { id, secret }
}

/** Workers that came with it are refused from now on. @throws DagbokError `not_found` */
export async function revokeWorkerToken(
  q: Queryable,
  { teamId, userId, id }: { teamId: string; userId: string | null; id: string },
): Promise<void> {
  await q.transaction(async (tx) => {
    const name = await revoke(tx, teamId, id)
    if (name === null) throw new DagbokError('not_found', 'There is no such token of workers.')
    await insertAudit(tx, { teamId, userId, verb: 'worker_token.revoke', details: { name } })
    await announce(tx, [`worker:${teamId}`])
  })
}

/** @param authorization the header. @throws DagbokError `unauthenticated` when it holds no token of workers that is good now */
export async function authenticateWorker(q: Queryable, authorization: string): Promise<WorkerActor> {
  const secret = /^bearer (dgw_[A-Za-z0-9_-]{40})$/i.exec(authorization)?.[1]
  const found = secret === undefined ? null : await findWorkerToken(q, hash(secret))
  if (found === null)
    throw new DagbokError('unauthenticated', 'This is no token of workers, or it was revoked.')
  return { tokenId: found.id, teamId: found.teamId, queue: found.queue }
}
