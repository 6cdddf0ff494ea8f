import { fetchRequestHandler } from '@trpc/server/adapters/fetch'
import { requestContext } from '#server/trpc/context.ts'
import { appRouter } from '#server/trpc/router.ts'

const handle = (req: Request) =>
  fetchRequestHandler({
    endpoint: '/api/trpc',
    req,
    router: appRouter,
    createContext: () => requestContext(req.headers),
  })

export { handle as GET, handle as POST }
