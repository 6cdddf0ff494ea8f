import { z } from 'zod'
import { checkedInput } from '#server/domain/errors/input.ts'
import { outputResponse } from '#server/http/artifacts.ts'
import { respondTo } from '#server/http/respond.ts'
import { requireAttempt } from '#server/services/run/read-log.ts'

const place = z.object({ attempt: z.uuid(), name: z.string() })

export const GET = (request: Request, { params }: { params: Promise<{ attempt: string; name: string }> }) =>
  respondTo(request, async (services, actor) => {
    const { attempt, name } = checkedInput(place, await params)
    await requireAttempt(services, actor, attempt)
    return outputResponse(services, request, attempt, name, services.artifacts.links)
  })
