import { z } from 'zod'

/** A team's secret, without its value. */
export const secretViewSchema = z.object({
  name: z.string(),
  /** Who has set it last. */
  setBy: z.string().nullable(),
  /** RFC 3339. */
  setAt: z.string(),
  readable: z
    .boolean()
    .describe('false: it was kept with another key than the deployment has now, and is to be set anew'),
})
export type SecretView = z.infer<typeof secretViewSchema>
