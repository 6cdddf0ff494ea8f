import { z } from 'zod'

/** Runs that one comparison holds at most. */
const mostRuns = 10

/** Days that a share link is good for: where nothing is said, and at most. */
export const linkDays = { usual: 30, longest: 365 }

/** Characters of what was given instead of an id that are said. */
const saidLength = 60

const runId = z.uuid({
  error: ({ input }) => `'${String(input).slice(0, saidLength)}' is not the id of a run`,
})

/** Everything a comparison page shows, as it stands in its URL: the runs in column order, the base, and the view. */
export const comparisonStateSchema = z.object({
  runs: z
    .array(runId)
    .min(2, 'Name at least two runs to compare.')
    .max(mostRuns, `At most ${mostRuns} runs are compared at once: leave some out.`),
  /** One of `runs`; without one, the oldest run is the base. */
  base: runId.optional(),
  /** False shows what is equal, too. */
  onlyDifferences: z.boolean().default(true),
})
export type ComparisonState = z.infer<typeof comparisonStateSchema>
