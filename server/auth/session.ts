import { getServerSession } from 'next-auth'
import { findSessionUser } from '#db/queries/sign-in.ts'
import type { Actor } from '../services/actor.ts'
import { webContext } from '../web-context.ts'
import { authOptions } from './options.ts'

/** Who the cookie of this request belongs to, asked of the database each time: a session that was ended is none. */
export async function session(): Promise<Actor | null> {
  const found: unknown = await getServerSession(authOptions())
  if (typeof found !== 'object' || found === null) return null
  const { userId, epoch } = found as { userId?: unknown; epoch?: unknown }
  if (typeof userId !== 'string' || typeof epoch !== 'string') return null
  const user = await findSessionUser(webContext().db, userId, epoch)
  return user === null ? null : { userId, ...user, via: 'session' }
}
