import { z } from 'zod'
import { timeSchema } from './common.ts'

/** The pod of a task: as it would be, or as it was seen last. */
export const podViewSchema = z.object({
  task: z.string(),
  key: z.string().nullable(),
  n: z.number().nullable().describe('of the attempt; null: of a version, no run is there yet'),
  kind: z.enum(['planned', 'seen', 'none']),
  says: z.string().describe('what is shown, or why there is none'),
  yaml: z.string().nullable(),
  open: z
    .array(z.object({ source: z.string(), why: z.string() }))
    .describe('expressions that cannot be evaluated yet: each stands in ‹ ›'),
  events: z
    .array(
      z.object({
        at: timeSchema.nullable(),
        reason: z.string(),
        message: z.string().nullable(),
        container: z.string().nullable(),
      }),
    )
    .describe('what the cluster told of it'),
  logs: z
    .array(z.object({ container: z.string(), text: z.string() }))
    .describe('the ends of the logs of containers beside main that failed, or that it never came past'),
})
export type PodView = z.infer<typeof podViewSchema>
