/** Composition root of the web process's requests: who asks, with which services. */
import { session } from '../auth/session.ts'
import { authenticateToken } from '../services/token/tokens.ts'
import { webContext } from '../web-context.ts'
import type { RequestContext } from './init.ts'

/** A bearer token, else the session of the cookie. A token that is none is nobody, whatever the cookie says. */
export async function requestContext(headers: Headers): Promise<RequestContext> {
  const services = webContext()
  const [scheme, token] = (headers.get('authorization') ?? '').split(' ')
  if (scheme?.toLowerCase() === 'bearer')
    return { services, actor: await authenticateToken(services.db, token ?? '') }
  return { services, actor: await session() }
}
