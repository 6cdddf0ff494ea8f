/** One-time sign-in links: a button uses one up, so that a preview of the link does not. */
import { createHash, randomBytes } from 'node:crypto'
import type { Queryable } from '#db/client.ts'
import { consumeSignInLink, insertSignInLink, sessionEpoch, signInLinkState } from '#db/queries/sign-in.ts'

const hash = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** Makes a link's secret, good for an hour and once. Only its hash is kept. */
export async function createSignInLink(q: Queryable, userId: string): Promise<string> {
  const secret = randomBytes(32).toString('base64url')
  await insertSignInLink(q, { userId, secretHash: hash(secret), seconds: 3600 })
  return secret
}

/** What the sign-in page may say of a link before the button is pressed. */
export const lookAtSignInLink = (q: Queryable, secret: string) => signInLinkState(q, hash(secret))

/** Uses the link up; null when it was used before, is too old, or never was one. */
export async function useSignInLink(
  q: Queryable,
  secret: string,
): Promise<{ userId: string; epoch: string } | null> {
  const used = await consumeSignInLink(q, hash(secret))
  if (used === null) return null
  const epoch = await sessionEpoch(q, used.userId)
  return epoch === null ? null : { userId: used.userId, epoch }
}
