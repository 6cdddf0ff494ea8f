/** Bytes of a source in pieces of a wanted length: what is sent in parts. */
import type { Readable } from 'node:stream'

export interface SourcePart {
  bytes: Buffer
  /** Whether nothing follows. */
  last: boolean
}

/**
 * Each part has the length that was asked for, but for the last one, which is told as such; an empty source is one empty
 * part. Holds one part.
 * @param length bytes of the part of this number, from 0
 * @throws what the source throws
 */
export async function* partsOf(
  source: Readable | Uint8Array,
  length: (part: number) => number,
): AsyncGenerator<SourcePart> {
  let pending: Buffer[] = []
  let [size, part] = [0, 0]
  for await (const chunk of source instanceof Uint8Array ? [source] : (source as AsyncIterable<Uint8Array>)) {
    let rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    for (let room = length(part) - size; rest.length > room; room = length(part)) {
      yield { bytes: Buffer.concat([...pending, rest.subarray(0, room)]), last: false }
      rest = rest.subarray(room)
      pending = []
      size = 0
      part++
    }
    pending.push(rest)
    size += rest.length
  }
  yield { bytes: Buffer.concat(pending), last: true }
}
