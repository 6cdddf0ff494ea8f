/**
 * What a worker and the desk say to each other, under `/api/worker/` of the product's address. Both are of one build or
 * of neighbouring ones: what the desk does not know it leaves out, what is missing it refuses.
 */
import { z } from 'zod'
import { longestPoolLease } from '#server/config/lease.ts'
import { namePattern } from '#server/domain/notebook/keys/key.ts'
import type { Json } from '#server/domain/json.ts'
import { warmQueuePattern } from '#server/domain/run/deployment.ts'
import { reasonNames } from '#server/domain/run/states.ts'

export const workerHeader = 'dagbok-worker'
export const attemptHeader = 'dagbok-attempt'
export const workerPath = '/api/worker'

/** Bytes of one part of an upload; a blob that is longer comes in several. */
export const partBytes = 8 * 2 ** 20
/** Bytes of one blob. */
export const longestBlob = 64 * 2 ** 30
/** Bytes from which a blob may go past the desk: of a smaller one, to ask for the way is most of the work. */
export const directBytes = 2 ** 20
/** ms that the address of a blob is good for. */
export const linkMs = 3_600_000
/** ms that a poll may stay open. */
export const longestPoll = 25_000
/** How many attempts a worker may hold. */
export const mostSlots = 1024

const token = z.uuid()
/** A UUID that names nothing. */
export const nobody = '00000000-0000-0000-0000-000000000000'
export const isUuid = (text: string): boolean => z.uuid().safeParse(text).success
const json: z.ZodType<Json> = z.json()
const handle = z.record(z.string().max(100), json)
const text = (most: number) => z.string().max(most)
const hash = z.string().regex(/^[0-9a-f]{64}$/)
const count = z.number().int().nonnegative()

export const registration = z.object({
  id: z.uuid(),
  /** Machine and folder: the next life of the same worker says the same. */
  host: text(500).min(1),
  pid: count,
  queues: z
    .array(
      z.string().refine((name) => new RegExp(namePattern).test(name) || warmQueuePattern.test(name), {
        error: 'is the name of no queue',
      }),
    )
    .min(1)
    .max(100),
  slots: z.number().int().min(1).max(mostSlots),
})
export type Registration = z.infer<typeof registration>

export const poll = z.object({
  /** How many more attempts it has room for. */
  free: count.max(mostSlots),
  /** Tokens of attempts that it has: what was handed to it and is not among them did not arrive. */
  holding: z.array(token).max(mostSlots * 2),
  waitMs: count.max(longestPoll),
  /** Its disk that refuses new work: then `free` is 0. A worker of an earlier build does not say. */
  full: z
    .object({ place: text(100), free: count, least: count })
    .nullable()
    .default(null),
})
export type Poll = z.infer<typeof poll>

/** The lease that a worker counts on: it is never given a shorter one. A worker of an earlier build does not say. */
const leaseSeconds = z.number().positive().max(longestPoolLease).optional()

export const heartbeat = z.object({ tokens: z.array(token).max(mostSlots * 2), leaseSeconds })
export type Heartbeat = z.infer<typeof heartbeat>
export const withHandle = z.object({ handle })
export const starting = withHandle.extend({ leaseSeconds })
export type Starting = z.infer<typeof starting>
export const nothing = z.object({})

/** A blob that somebody has, and wants to bring. */
export const bringing = z.object({ hash, size: count.max(longestBlob) })

export const logChunk = z.object({
  seq: count,
  hash,
  byteOffset: count,
  bytes: count,
  firstLine: count,
  lines: count,
})

export const end = z.object({
  state: z.enum(['succeeded', 'failed', 'lost', 'cancelled']),
  reason: z.enum(reasonNames).nullable(),
  message: text(10_000).nullable(),
  exitCode: z.number().int().nullable(),
  signal: text(20).nullable(),
  memoryPeak: z.number().nonnegative().nullable(),
  cpuSeconds: z.number().nonnegative().nullable(),
  outputs: z
    .array(z.object({ name: text(200), path: text(4096), hash, size: count, mediaType: text(200) }))
    .max(1000),
  metrics: z
    .array(
      z.object({ name: text(200), step: z.number().nullable(), value: z.number(), declared: z.boolean() }),
    )
    .max(2_000_000),
  values: z.array(z.object({ name: text(200), value: json, declared: z.boolean() })).max(10_000),
})

/** What ends an attempt from outside. */
export interface Ending {
  token: string
  why: 'cancel' | 'timeout'
}

export interface Registered {
  /** Seconds that a heartbeat is good for. */
  leaseSeconds: number
}

/** What an answer that prolongs a lease says of it; a desk of an earlier build does not say. */
export interface Prolonged {
  /** Seconds that it is good for from now on. */
  leaseSeconds?: number
}
/** Seconds of a lease where a desk does not say. */
export const leaseOfEarlierBuilds = 300

export interface Beaten extends Prolonged {
  answers: Record<string, 'go_on' | 'cancel' | 'fenced'>
}
