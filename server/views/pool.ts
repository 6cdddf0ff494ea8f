import { z } from 'zod'

/** A team's pool: its slots, those that attempts hold, and those that queued task runs want. */
export const poolSchema = z.object({
  name: z.string(),
  slots: z.number(),
  used: z.number(),
  queued: z.number(),
})
export type Pool = z.infer<typeof poolSchema>
