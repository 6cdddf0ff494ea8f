import { DagbokError } from '#server/domain/errors/errors.ts'
import { respond } from '#server/http/respond.ts'
import { receiveWebhook } from '#server/services/trigger/receive-webhook.ts'
import { webContext } from '#server/web-context.ts'

/** Bytes of a body. */
const longest = 2 ** 20

/** Read no further than allowed, whatever its length says. */
async function readBody(request: Request): Promise<string> {
  const parts: Uint8Array[] = []
  let size = 0
  const reader = request.body?.getReader()
  for (let part = await reader?.read(); part?.value !== undefined; part = await reader?.read()) {
    size += part.value.byteLength
    if (size > longest) {
      await reader?.cancel()
      throw new DagbokError('too_large', 'The body of a webhook has 1 MiB at most.')
    }
    parts.push(part.value)
  }
  return Buffer.concat(parts).toString('utf8')
}

export function POST(
  request: Request,
  { params }: { params: Promise<{ team: string; repo: string; dag: string }> },
): Promise<Response> {
  return respond(async () => {
    const { team, repo, dag } = await params
    const context = webContext()
    const call = { ref: { team, repo, dag }, headers: request.headers, body: await readBody(request) }
    const { id, url } = await receiveWebhook(context, call, context.sessionSecret)
    return Response.json({ id, url }, { status: 202, headers: { location: url } })
  })
}
