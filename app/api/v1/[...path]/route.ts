import { createOpenApiFetchHandler } from 'trpc-to-openapi'
import { requestContext } from '#server/trpc/context.ts'
import { appRouter } from '#server/trpc/router.ts'

/** What makes something says so, and where it is. */
async function created(response: Response): Promise<Response> {
  const body = (await response.json()) as { url?: string }
  const headers = body.url === undefined ? {} : { location: body.url }
  return Response.json(body, { status: 201, headers })
}

const makes = /\/(runs|rerun|comparisons|share-links|tokens|repositories|commits)$/

async function handle(req: Request): Promise<Response> {
  const response = await createOpenApiFetchHandler({
    endpoint: '/api/v1',
    req,
    router: appRouter,
    createContext: () => requestContext(req.headers),
  })
  return req.method === 'POST' && response.status === 200 && makes.test(new URL(req.url).pathname)
    ? created(response)
    : response
}

export { handle as GET, handle as POST, handle as DELETE }
