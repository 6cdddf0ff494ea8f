/** Errors of plain routes, in the words and codes of the procedures. */
import { DagbokError, type ErrorCode } from '../domain/errors/errors.ts'
import type { Actor } from '../services/actor.ts'
import { requestContext } from '../trpc/context.ts'
import type { ServiceContext } from '../services/context.ts'
import { webContext } from '../web-context.ts'

const status: Record<ErrorCode, number> = {
  bad_input: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  too_many: 429,
  unsupported: 405,
  unavailable: 503,
  internal: 500,
}

/** Runs it; what goes wrong becomes JSON `{message, code}`. */
export async function respond(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DagbokError && error.code !== 'internal')
      return Response.json({ message: error.message, code: error.code }, { status: status[error.code] })
    webContext().log.error({ err: error }, 'a route failed')
    return Response.json(
      { message: 'Something went wrong here. It was logged.', code: 'internal' },
      { status: 500 },
    )
  }
}

/** The same for whoever is signed in. */
export const respondTo = (
  request: Request,
  work: (services: ServiceContext, actor: Actor) => Promise<Response>,
): Promise<Response> =>
  respond(async () => {
    const { services, actor } = await requestContext(request.headers)
    if (actor === null)
      throw new DagbokError('unauthenticated', 'Sign in, or send `Authorization: Bearer TOKEN`.')
    return work(services, actor)
  })
