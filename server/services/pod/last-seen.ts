/** How what was last seen of a pod is kept with its attempt: in its handle, as compressed text. */
import { gunzipSync, gzipSync } from 'node:zlib'
import type { Json } from '../../domain/json.ts'
import type { LastSeen } from '../../domain/pod/shown-pod.ts'

/** Bytes that it may unpack to: more than is ever packed. */
const mostBytes = 2 ** 21

export const packSeen = (seen: LastSeen): string => gzipSync(JSON.stringify(seen)).toString('base64')

/** null: nothing was kept, or what was cannot be read. */
export function seenOf(handle: Record<string, Json> | null): LastSeen | null {
  const packed = handle?.['seen']
  if (typeof packed !== 'string') return null
  try {
    const text = gunzipSync(Buffer.from(packed, 'base64'), { maxOutputLength: mostBytes }).toString('utf8')
    // Builds before this one kept no logs of them.
    return { logs: [], ...(JSON.parse(text) as Omit<LastSeen, 'logs'> & Partial<Pick<LastSeen, 'logs'>>) }
  } catch {
    return null
  }
}
