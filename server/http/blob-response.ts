/** Bytes to a browser or a client: ranges, and never as a page of ours. */
import { Readable } from 'node:stream'
import type { ByteRange } from '../storage/artifact-store.ts'

/** What a browser may show by itself; everything else is saved. */
const shown = /^(image\/(png|jpeg|gif|webp|svg\+xml)|text\/(plain|csv|markdown)|application\/(json|pdf))/

/** The range asked for: null when none, 'none' when it cannot be given. One range only, as RFC 9110 allows. */
export function rangeOf(header: string | null, size: number): ByteRange | 'none' | null {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '')
  if (match === null) return null
  const [, first = '', last = ''] = match
  if (first === '' && last === '') return null
  const start = first === '' ? Math.max(0, size - Number(last)) : Number(first)
  const end = first === '' || last === '' ? size : Math.min(size, Number(last) + 1)
  return start < end ? { start, end } : 'none'
}

export interface Blob {
  size: number
  mediaType: string
  /** File name of a download. */
  name: string
  /** Strong validator; null for what still grows. */
  etag: string | null
  read: (range: ByteRange) => Promise<Readable> | Readable
}

/** 200, 206, 304 or 416. */
export async function blobResponse(request: Request, blob: Blob): Promise<Response> {
  const headers = new Headers({
    'content-type': blob.mediaType.startsWith('text/') ? `${blob.mediaType}; charset=utf-8` : blob.mediaType,
    'accept-ranges': 'bytes',
    'x-content-type-options': 'nosniff',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox",
    'content-disposition': `${shown.test(blob.mediaType) ? 'inline' : 'attachment'}; filename*=UTF-8''${encodeURIComponent(blob.name)}`,
    'cache-control': blob.etag === null ? 'no-store' : 'private, max-age=31536000, immutable',
  })
  if (blob.etag !== null) {
    headers.set('etag', `"${blob.etag}"`)
    if (request.headers.get('if-none-match') === `"${blob.etag}"`)
      return new Response(null, { status: 304, headers })
  }
  const range = rangeOf(request.headers.get('range'), blob.size)
  if (range === 'none') {
    return Response.json(
      {
        message: `The range ${request.headers.get('range')} lies outside its ${blob.size} bytes.`,
        code: 'out_of_range',
      },
      {
        status: 416,
        headers: {
          'content-range': `bytes */${blob.size}`,
          'accept-ranges': 'bytes',
          'cache-control': 'no-store',
        },
      },
    )
  }
  const given = range ?? { start: 0, end: blob.size }
  headers.set('content-length', String(given.end - given.start))
  if (range !== null) headers.set('content-range', `bytes ${range.start}-${range.end - 1}/${blob.size}`)
  const body = Readable.toWeb(await blob.read(given)) as ReadableStream<Uint8Array>
  return new Response(body, { status: range === null ? 200 : 206, headers })
}
