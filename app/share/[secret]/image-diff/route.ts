import { imageDiffResponse } from '#server/http/image-diff.ts'
import { respond } from '#server/http/respond.ts'
import { sharedOutputs } from '#server/services/comparison/share.ts'
import { webContext } from '#server/web-context.ts'

export const GET = (request: Request, { params }: { params: Promise<{ secret: string }> }) =>
  respond(async () => {
    const compared = await sharedOutputs(webContext(), (await params).secret)
    return imageDiffResponse(webContext(), compared, new URL(request.url).searchParams)
  })
