import { readImageDiff } from '../services/comparison/read-output-diff.ts'
import type { ComparedOutputs } from '../services/comparison/compare.ts'
import type { ServiceContext } from '../services/context.ts'

/** The differing pixels of an output of `run` against the base, as a PNG; their share is in `x-dagbok-ratio`. */
export async function imageDiffResponse(
  services: ServiceContext,
  compared: ComparedOutputs,
  query: URLSearchParams,
): Promise<Response> {
  const place = {
    task: query.get('task') ?? '',
    key: query.get('key'),
    name: query.get('name') ?? '',
    run: query.get('run') ?? '',
  }
  const diff = await readImageDiff(services, compared, place)
  if (diff === null)
    return Response.json(
      { message: 'These two cannot be compared by pixels: they are no PNGs of one size.', code: 'bad_input' },
      { status: 400 },
    )
  return new Response(new Uint8Array(diff.png), {
    headers: {
      'content-type': 'image/png',
      'x-dagbok-ratio': String(diff.ratio),
      'cache-control': 'no-store',
    },
  })
}
