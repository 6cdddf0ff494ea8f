/** JSON values, one a line, of a stream of bytes: what a watch answers with. */
import { ClusterError } from './cluster-error.ts'

const newline = 0x0a
/** Bytes of one line: an object of Kubernetes has 1.5 MB at most, and JSON escapes. */
const longest = 16 * 2 ** 20

const torn = (what: string, cause?: unknown) =>
  new ClusterError('bad_answer', `The API server sent ${what}.`, { cause })

function valueOf(line: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(line))
  } catch (cause) {
    throw torn('a line that is no JSON', cause)
  }
}

/**
 * Bytes are put together to lines before they are read as UTF-8, since a chunk may end within a character.
 * @throws ClusterError `bad_answer` for a line that is none, is too long, or is not ended when the stream is
 */
export async function* jsonLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator {
  let held: Uint8Array[] = []
  let size = 0
  for await (const chunk of bytes) {
    let from = 0
    for (let to = chunk.indexOf(newline); to >= 0; to = chunk.indexOf(newline, from)) {
      const line = Buffer.concat([...held, chunk.subarray(from, to)])
      held = []
      size = 0
      from = to + 1
      if (line.length > 0) yield valueOf(line)
    }
    const rest = chunk.subarray(from)
    if (rest.length === 0) continue
    size += rest.length
    if (size > longest) throw torn(`a line of more than ${longest} bytes`)
    held.push(rest)
  }
  if (size > 0) throw torn('half a line, and nothing after it')
}
