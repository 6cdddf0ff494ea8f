import { findAttempt, outputResponse } from '#server/http/artifacts.ts'
import { respondTo } from '#server/http/respond.ts'
import { requireRun } from '#server/services/run/read-run.ts'

type Params = Promise<{ id: string; task: string; name: string }>

export const GET = (request: Request, { params }: { params: Params }) =>
  respondTo(request, async (services, actor) => {
    const { id, task, name } = await params
    const run = await requireRun(services, actor, id, 'run:read')
    const key = new URL(request.url).searchParams.get('key')
    return outputResponse(services, request, await findAttempt(services, run.id, task, key, null), name)
  })
