/**
 * Since when a pod is seen to be as it is, by the database's clock. What a pod tells of times is by the clocks of its node and of its
 * cluster, which may be minutes ahead or behind: only what one clock has told twice is compared (R2).
 */
import { isNodeSilent } from './disruption.ts'
import { readPod } from './observed.ts'

export interface SeenSince {
  /** When its node was first seen not to answer; null: it answers. ms since the epoch. */
  silentAt: number | null
  /** When its deletion was first seen, with the grace of now; null: it is not asked for. */
  deletion: { at: number; graceMs: number } | null
}

export const notSeen: SeenSince = { silentAt: null, deletion: null }

/** Of a deletion that does not tell its grace. */
const usualGraceMs = 30_000

/** @param pod as it is seen at `now`, of whatever shape; null: it is not there */
export function seenSince(before: SeenSince, pod: unknown, now: number): SeenSince {
  const seen = readPod(pod)
  if (seen === null) return notSeen
  const { at = null, overAt = null } = seen.deletion ?? {}
  const graceMs = at === null || overAt === null ? usualGraceMs : overAt - at
  const isSame = before.deletion?.graceMs === graceMs
  return {
    silentAt: isNodeSilent(seen) ? (before.silentAt ?? now) : null,
    deletion: seen.deletion === null ? null : isSame ? before.deletion : { at: now, graceMs },
  }
}
