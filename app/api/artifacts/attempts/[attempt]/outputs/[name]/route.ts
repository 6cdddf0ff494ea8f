import { outputResponse } from '#server/http/artifacts.ts'
import { respondTo } from '#server/http/respond.ts'
import { requireAttempt } from '#server/services/run/read-log.ts'

export const GET = (request: Request, { params }: { params: Promise<{ attempt: string; name: string }> }) =>
  respondTo(request, async (services, actor) => {
    const { attempt, name } = await params
    await requireAttempt(services, actor, attempt)
    return outputResponse(services, request, attempt, name)
  })
