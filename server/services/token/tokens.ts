/** Personal access tokens: `dgb_…`, shown once, kept as a hash; for REST and as the git password. */
import { createHash, randomBytes } from 'node:crypto'
import type { Queryable } from '#db/client.ts'
import { findTokenUser, insertToken, noteTokenUse } from '#db/queries/token.ts'
import { DagbokError } from '../../domain/errors/errors.ts'
import type { Actor } from '../actor.ts'

const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** @param seconds how long it is good for; null is until it is revoked. The secret is in the answer and nowhere else. */
export async function createToken(
  q: Queryable,
  userId: string,
  name: string,
  seconds: number | null,
): Promise<{ id: string; secret: string }> {
  if (name.trim() === '' || name.length > 100)
    throw new DagbokError('bad_input', 'Give the token a name of 1 to 100 characters: what it is for.')
  const secret = `dgb_${randomBytes(30).toString('base64url')}`
  const id = await insertToken(q, {
    userId,
    name: name.trim(),
    secretHash: hash(secret),
    prefix: secret.slice(0, 8),
    seconds,
  })
  return { id, secret }
}

/** Who holds this token; null when nobody does. */
export async function authenticateToken(q: Queryable, secret: string): Promise<Actor | null> {
  if (!/^dgb_[A-Za-z0-9_-]{40}$/.test(secret)) return null
  const found = await findTokenUser(q, hash(secret))
  if (found === null) return null
  const { tokenId, ...user } = found
  await noteTokenUse(q, tokenId)
  return { ...user, via: 'token' }
}
