import { readBody } from '#server/http/read-body.ts'
import { respond } from '#server/http/respond.ts'
import { receiveWebhook } from '#server/services/trigger/receive-webhook.ts'
import { webContext } from '#server/web-context.ts'

/** Bytes of a body. */
const longest = 2 ** 20

export function POST(
  request: Request,
  { params }: { params: Promise<{ team: string; repo: string; dag: string }> },
): Promise<Response> {
  return respond(async () => {
    const { team, repo, dag } = await params
    const context = webContext()
    const body = await readBody(request, longest, 'The body of a webhook has 1 MiB at most.')
    const call = { ref: { team, repo, dag }, headers: request.headers, body }
    const { id, url } = await receiveWebhook(context, call, context.sessionSecret)
    return Response.json({ id, url }, { status: 202, headers: { location: url } })
  })
}
