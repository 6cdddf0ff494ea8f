import { z } from 'zod'
import { checkedInput } from '#server/domain/errors/input.ts'
import { findAttempt, outputResponse } from '#server/http/artifacts.ts'
import { respondTo } from '#server/http/respond.ts'
import { requireRun } from '#server/services/run/read-run.ts'

const place = z.object({ id: z.uuid(), task: z.string(), name: z.string() })

export const GET = (
  request: Request,
  { params }: { params: Promise<Record<'id' | 'task' | 'name', string>> },
) =>
  respondTo(request, async (services, actor) => {
    const { id, task, name } = checkedInput(place, await params)
    const run = await requireRun(services, actor, id, 'run:read')
    const key = new URL(request.url).searchParams.get('key')
    const attempt = await findAttempt(services, run.id, task, key, null)
    return outputResponse(services, request, attempt, name, services.artifacts.links)
  })
