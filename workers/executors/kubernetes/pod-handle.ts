/**
 * What is kept of an attempt's pod, with the attempt: enough for any process to find the pod again, to know who speaks for it,
 * and to go on where another one stopped. Keys are added and never replaced.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Json } from '#server/domain/json.ts'
import type { Ending } from '#server/domain/pod/attempt-facts.ts'
import { reasonNames } from '#server/domain/run/states.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)
const at = z.number()

const endingSchema = z.object({
  why: z.enum(['cancel', 'timeout', 'start_timeout', 'not_collected', 'node_lost', 'refused']),
  end: z.object({
    state: z.enum(['succeeded', 'failed', 'lost', 'cancelled']),
    reason: z.enum(reasonNames).nullable(),
    message: z.string().nullable(),
    container: z.string().nullable(),
    exitCode: z.number().nullable(),
  }),
}) satisfies z.ZodType<Ending>

/** What is written when it is submitted. */
const intentSchema = z.object({
  cluster: z.string(),
  namespace: z.string(),
  pod: z.string(),
  /** Of the pod as it is asked for. */
  specHash: z.string(),
  /** Of its token: the token itself is in the pod only. */
  secretHash: hash,
  /** The blob with what its agent does. */
  job: hash,
  /** Whether something is collected when its code has ended. */
  collected: z.boolean(),
  /** Until when its code must have started; ms since the epoch. */
  startBy: at,
  /** ms from the start of its code; null is without. */
  timeoutMs: z.number().nullable(),
  /** Names of its team's secrets that it is given; builds before this one have written none. */
  secrets: z.array(z.string()).default([]),
})
export type PodIntent = z.infer<typeof intentSchema>

const schema = intentSchema.extend({
  /** Of the pod that was created, or that passed the gate, whichever was known first. */
  uid: z.string().optional(),
  /** The blob with what it left. */
  results: hash.optional(),
  runningSeenAt: at.optional(),
  endSeenAt: at.optional(),
  ending: endingSchema.optional(),
  logsDone: z.literal(true).optional(),
  /** What holds its pod back, or is wrong with it. The one key that is replaced. */
  held: z.string().nullable().optional(),
  /** Its pod as it was seen last, packed. */
  seen: z.string().optional(),
})
export type PodHandle = z.infer<typeof schema>

/** null: the attempt has not come as far as a pod. */
export function podHandleOf(handle: Record<string, Json> | null): PodHandle | null {
  const given = schema.safeParse(handle)
  return given.success ? given.data : null
}

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex')

/** The token of one attempt's agent; `hash` is what is kept of it. */
export function newPodSecret(): { secret: string; hash: string } {
  const secret = `dagbok_pod_${randomBytes(32).toString('base64url')}`
  return { secret, hash: hashOf(secret) }
}

export const isPodSecret = (bearer: string): boolean => bearer.startsWith('dagbok_pod_')

/** Takes the same time whatever is wrong with it. */
export const isSecretOf = (secret: string, { secretHash }: PodHandle): boolean =>
  timingSafeEqual(Buffer.from(hashOf(secret), 'hex'), Buffer.from(secretHash, 'hex'))
