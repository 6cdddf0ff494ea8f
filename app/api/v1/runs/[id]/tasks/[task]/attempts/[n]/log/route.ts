import { findAttempt, logResponse } from '#server/http/artifacts.ts'
import { respondTo } from '#server/http/respond.ts'
import { requireRun } from '#server/services/run/read-run.ts'

type Params = Promise<{ id: string; task: string; n: string }>

export const GET = (request: Request, { params }: { params: Params }) =>
  respondTo(request, async (services, actor) => {
    const { id, task, n } = await params
    const run = await requireRun(services, actor, id, 'run:read')
    const key = new URL(request.url).searchParams.get('key')
    return logResponse(services, request, await findAttempt(services, run.id, task, key, Number(n)))
  })
