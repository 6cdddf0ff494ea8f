import { z } from 'zod'
import { timeSchema } from './common.ts'

export const workerViewSchema = z.object({
  id: z.uuid(),
  /** Machine and folder. */
  host: z.string(),
  /** Their names; of a worker that a cluster has in an image, which image that is. */
  queues: z.array(z.string()),
  slots: z.number(),
  /** Attempts it has. */
  held: z.number(),
  /** It takes nothing new. */
  draining: z.boolean(),
  /** Its disk that refuses new work, in bytes: it takes nothing new until there is room. */
  full: z.object({ place: z.string(), free: z.number(), least: z.number() }).nullable(),
  /** It has not been heard of for a minute. */
  silent: z.boolean(),
  startedAt: timeSchema,
  heartbeatAt: timeSchema,
})
export type WorkerView = z.infer<typeof workerViewSchema>

export const workerTokenViewSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  createdBy: z.string().nullable(),
  createdAt: timeSchema,
})
export type WorkerTokenView = z.infer<typeof workerTokenViewSchema>
