/** REST: the procedures that have a path, with a closed set of errors and statuses that say what happened. */
import { createOpenApiFetchHandler } from 'trpc-to-openapi'
import { codeOfStatus, DagbokError } from '../domain/errors/errors.ts'
import { appRouter } from '../trpc/router.ts'
import { makes, openApiDocument } from './openapi.ts'
import { readBody } from './read-body.ts'
import { respondTo } from './respond.ts'

const endpoint = '/api/v1'
/** Bytes of a body that are read. */
const longest = 10 * 2 ** 20

/** Methods by path, as the document has them. */
const routes = Object.entries(openApiDocument('').paths ?? {}).map(([path, operations]) => ({
  matches: new RegExp(`^${path.replaceAll(/\{[^}]+\}/g, '[^/]+')}$`),
  methods: Object.keys(operations).map((method) => method.toUpperCase()),
}))

/** The refusal of what is not there; null when it is. */
function unknown(method: string, path: string): Response | null {
  const known = routes
    .filter((route) => route.matches.test(path))
    .flatMap(({ methods }) => methods)
    .sort()
  if (known.includes(method === 'HEAD' ? 'GET' : method)) return null
  if (known.length === 0)
    throw new DagbokError(
      'not_found',
      `There is no ${endpoint}${path}: /api/openapi.json lists what there is.`,
    )
  const message = `${endpoint}${path} takes ${known.join(', ')} and not ${method}.`
  return Response.json(
    { message, code: 'unsupported' },
    { status: 405, headers: { allow: known.join(', ') } },
  )
}

/** The same request with a JSON object as its body: `{}` when it has none. @throws DagbokError `bad_input`, `too_large` */
async function withObject(request: Request): Promise<Request> {
  const text = await readBody(request, longest, `The body has more than ${longest} bytes.`)
  const type = request.headers.get('content-type') ?? ''
  if (text !== '' && !/^application\/json\s*(;|$)/i.test(type))
    throw new DagbokError('bad_input', 'Send the body as JSON, with `Content-Type: application/json`.')
  const body = text === '' ? {} : parsed(text)
  if (typeof body !== 'object' || body === null || Array.isArray(body))
    throw new DagbokError('bad_input', 'The body must be a JSON object: {"name": value, …}.')
  const headers = new Headers(request.headers)
  headers.set('content-type', 'application/json')
  headers.delete('content-length')
  return new Request(request.url, { method: request.method, headers, body: JSON.stringify(body) })
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new DagbokError('bad_input', `The body is no JSON: ${(error as Error).message}.`)
  }
}

/** What makes something says so, and where it is. */
async function created(response: Response): Promise<Response> {
  const body = (await response.json()) as { url?: string }
  const headers = body.url === undefined ? {} : { location: body.url }
  return Response.json(body, { status: 201, headers })
}

async function refused(response: Response): Promise<Response> {
  const { message } = (await response.json()) as { message: string }
  return Response.json({ message, code: codeOfStatus(response.status) }, { status: response.status })
}

export const answerRest = (request: Request): Promise<Response> =>
  respondTo(request, async (services, actor) => {
    const path = new URL(request.url).pathname.slice(endpoint.length)
    const refusal = unknown(request.method, path)
    if (refusal !== null) return refusal
    const response = await createOpenApiFetchHandler({
      endpoint,
      req: ['POST', 'PUT'].includes(request.method) ? await withObject(request) : request,
      router: appRouter,
      createContext: () => ({ services, actor }),
    })
    if (response.status >= 400) return refused(response)
    return request.method === 'POST' && makes.test(path) ? created(response) : response
  })
