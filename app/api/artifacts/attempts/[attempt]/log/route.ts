import { logResponse } from '#server/http/artifacts.ts'
import { respondTo } from '#server/http/respond.ts'
import { requireAttempt } from '#server/services/run/read-log.ts'

export const GET = (request: Request, { params }: { params: Promise<{ attempt: string }> }) =>
  respondTo(request, async (services, actor) => {
    const { attempt } = await params
    await requireAttempt(services, actor, attempt)
    return logResponse(services, request, attempt)
  })
