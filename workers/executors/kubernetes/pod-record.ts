/** What of a pod outlives it: how it was seen last, with what failed beside its code, and which images it ran. */
import type { Queryable } from '#db/client.ts'
import { noteImages } from '#db/queries/version-image.ts'
import type { Json } from '#server/domain/json.ts'
import type { Seen } from '#server/domain/pod/attempt-facts.ts'
import { pulledImages } from '#server/domain/pod/image-digest.ts'
import { shapeOf } from '#server/domain/pod/observed.ts'
import { lastSeenOf } from '#server/domain/pod/shown-pod.ts'
import { packSeen } from '#server/services/pod/last-seen.ts'
import type { Remembered } from './attempt-memory.ts'
import type { PodHandle } from './pod-handle.ts'

/**
 * For its handle when it ends, once: its pod as it was seen last.
 * @param now ms since the epoch
 */
export function seenFor(
  own: Pick<Remembered, 'seen' | 'sideLogs'> | undefined,
  { seen: kept }: PodHandle,
  now: number,
): Record<string, Json> {
  const seen = kept === undefined ? own?.seen : null
  const logs = own?.sideLogs ?? []
  const last = seen == null ? null : lastSeenOf(seen.pod, seen.events, new Date(now).toISOString(), logs)
  return last === null ? {} : { seen: packSeen(last) }
}

/**
 * What was pulled for it is what later attempts of its version get, whatever its tag is by then (N10). Written once for each attempt.
 * @param own is told that it is written
 */
export async function notePulled(
  db: Queryable,
  own: Pick<Remembered, 'isPulled'> | undefined,
  { uid, cluster }: PodHandle,
  versionId: string,
  seen: Seen,
): Promise<void> {
  if (own === undefined || own.isPulled || seen.kind !== 'pod') return
  if (shapeOf(shapeOf(seen.pod)['metadata'])['uid'] !== uid) return
  const images = pulledImages(seen.pod)
  if (images.length === 0) return
  await noteImages(db, versionId, cluster, images)
  own.isPulled = true
}
