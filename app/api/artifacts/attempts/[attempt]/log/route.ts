import { z } from 'zod'
import { checkedInput } from '#server/domain/errors/input.ts'
import { logResponse } from '#server/http/artifacts.ts'
import { respondTo } from '#server/http/respond.ts'
import { requireAttempt } from '#server/services/run/read-log.ts'

const place = z.object({ attempt: z.uuid() })

export const GET = (request: Request, { params }: { params: Promise<{ attempt: string }> }) =>
  respondTo(request, async (services, actor) => {
    const { attempt } = checkedInput(place, await params)
    await requireAttempt(services, actor, attempt)
    return logResponse(services, request, attempt)
  })
