/** Errors of plain routes, in the words and codes of the procedures. */
import { isOutage } from '#db/outage.ts'
import { away, DagbokError, httpStatus } from '../domain/errors/errors.ts'
import type { Actor } from '../services/actor.ts'
import { requestContext } from '../trpc/context.ts'
import type { ServiceContext } from '../services/context.ts'
import { webContext } from '../web-context.ts'

/** Runs it; what goes wrong becomes JSON `{message, code}`. */
export async function respond(work: () => Promise<Response>): Promise<Response> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DagbokError && error.code !== 'internal')
      return Response.json({ message: error.message, code: error.code }, { status: httpStatus[error.code] })
    if (isOutage(error)) return Response.json({ message: away, code: 'unavailable' }, { status: 503 })
    webContext().log.error({ err: error }, 'a route failed')
    return Response.json(
      { message: 'Something went wrong here. It was logged.', code: 'internal' },
      { status: 500 },
    )
  }
}

/** Who would send this request now: a session may have ended, a token been revoked, a team been left. null: nobody. */
export const actorNow = async (headers: Headers): Promise<Actor | null> =>
  (await requestContext(headers)).actor

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
