import { z } from 'zod'

/** Why something that is due is not running. `links` are parts of the sentence, in its order, with where they lead. */
export const whyNotRunningSchema = z.object({
  sentence: z.string(),
  links: z.array(z.object({ text: z.string(), url: z.string() })),
})
export type WhyNotRunning = z.infer<typeof whyNotRunningSchema>
