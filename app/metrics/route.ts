import { respondTo } from '#server/http/respond.ts'
import { webContext } from '#server/web-context.ts'

export const dynamic = 'force-dynamic'

/** Prometheus scrapes with a token: `authorization: {credentials: …}`. */
export const GET = (request: Request): Promise<Response> =>
  respondTo(request, async (_services, actor) => {
    const { metrics } = webContext()
    return new Response(await metrics.text(actor.teams.map(({ id }) => id)), {
      headers: { 'content-type': metrics.contentType },
    })
  })
