import { DagbokError } from '#server/domain/errors/errors.ts'
import { outputResponse } from '#server/http/artifacts.ts'
import { respond } from '#server/http/respond.ts'
import { sharedOutputs } from '#server/services/comparison/share.ts'
import { webContext } from '#server/web-context.ts'

type Params = Promise<{ secret: string; attempt: string; name: string }>

/** An output of the shared comparison, and of nothing else. */
export const GET = (request: Request, { params }: { params: Params }) =>
  respond(async () => {
    const { secret, attempt, name } = await params
    const { outputs } = await sharedOutputs(webContext(), secret)
    const url = `/api/artifacts/attempts/${attempt}/outputs/${name}`
    if (!outputs.some((row) => row.cells.some((cell) => cell?.url === url)))
      throw new DagbokError('not_found', 'This output is not of the shared comparison.')
    const response = await outputResponse(webContext(), request, attempt, name)
    // Revoked means gone: no copy is kept.
    response.headers.set('cache-control', 'no-store')
    return response
  })
