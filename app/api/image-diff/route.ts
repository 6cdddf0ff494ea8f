import { comparisonStateSchema } from '#server/domain/comparison/state.ts'
import { DagbokError } from '#server/domain/errors/errors.ts'
import { imageDiffResponse } from '#server/http/image-diff.ts'
import { respondTo } from '#server/http/respond.ts'
import { compareOutputsFor } from '#server/services/comparison/share.ts'

export const GET = (request: Request) =>
  respondTo(request, async (services, actor) => {
    const query = new URL(request.url).searchParams
    const state = comparisonStateSchema.safeParse({
      runs: query.get('runs')?.split(','),
      base: query.get('base') ?? undefined,
    })
    if (!state.success) throw new DagbokError('bad_input', 'Give ?runs=ID,ID&task=&name=&run=.')
    return imageDiffResponse(services, await compareOutputsFor(services, actor, state.data), query)
  })
