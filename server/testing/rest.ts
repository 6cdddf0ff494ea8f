/** For tests: the routes of REST, asked as a client does. `openWeb` comes first. */
import { GET as handle } from '#app/api/v1/[...path]/route.ts'

/** Asks with this token; a body goes as JSON. */
export const askRest = (method: string, path: string, token: string, body?: unknown): Promise<Response> =>
  handle(
    new Request(`http://dagbok.test/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
