import { z } from 'zod'

/** Runs that one comparison holds at most. */
const mostRuns = 10

/** Days that a share link is good for: where nothing is said, and at most. */
export const linkDays = { usual: 30, longest: 365 }

/** Everything a comparison page shows, as it stands in its URL: the runs in column order, the base, and the view. */
export const comparisonStateSchema = z.object({
  runs: z
    .array(z.uuid())
    .min(2, 'Name at least two runs to compare.')
    .max(mostRuns, `At most ${mostRuns} runs are compared at once: leave some out.`),
  /** One of `runs`; without one, the oldest run is the base. */
  base: z.uuid().optional(),
  /** False shows what is equal, too. */
  onlyDifferences: z.boolean().default(true),
})
export type ComparisonState = z.infer<typeof comparisonStateSchema>
