/** What is kept of an attempt's pod, with the attempt: enough to find it again, and to know who speaks for it. */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import type { Json } from '#server/domain/json.ts'

const hash = z.string().regex(/^[0-9a-f]{64}$/)

const schema = z.object({
  cluster: z.string(),
  namespace: z.string(),
  pod: z.string(),
  /** Of its token: the token itself is in the pod only. */
  secretHash: hash,
  /** The blob with what its agent does. */
  job: hash,
  /** Of the pod that was created, or that passed the gate, whichever was known first. */
  uid: z.string().optional(),
  /** The blob with what it left. */
  results: hash.optional(),
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
