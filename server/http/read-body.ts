/** The body of a request, with a bound. */
import { DagbokError } from '../domain/errors/errors.ts'

/** ms that a body which is refused may go on arriving: a client reads no answer while it still sends. */
const lingerMs = 5000

/** Takes what is still sent and forgets it: a connection closed on unread bytes is reset, and the answer with it. */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const timer = setTimeout(() => void reader.cancel().catch(() => {}), lingerMs)
  try {
    while (!(await reader.read()).done);
  } finally {
    clearTimeout(timer)
  }
}

/** Whatever its length says, no more than `longest` bytes are kept. @throws DagbokError `too_large` */
export async function readBytes(
  body: ReadableStream<Uint8Array>,
  longest: number,
  refusal: string,
): Promise<Buffer> {
  const reader = body.getReader()
  const parts: Uint8Array[] = []
  let size = 0
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    size += part.value.length
    if (size > longest) {
      await drain(reader)
      throw new DagbokError('too_large', refusal)
    }
    parts.push(part.value)
  }
  return Buffer.concat(parts)
}

/** The same of a request, as text. @throws DagbokError `too_large` */
export const readBody = async (request: Request, longest: number, refusal: string): Promise<string> =>
  request.body === null ? '' : (await readBytes(request.body, longest, refusal)).toString('utf8')
