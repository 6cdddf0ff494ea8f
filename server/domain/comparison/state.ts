import { z } from 'zod'

/** Everything a comparison page shows, as it stands in its URL: the runs in column order, the base, and the view. */
export const comparisonStateSchema = z.object({
  runs: z.array(z.uuid()).min(2).max(10),
  /** One of `runs`; without one, the oldest run is the base. */
  base: z.uuid().optional(),
  /** False shows what is equal, too. */
  onlyDifferences: z.boolean().default(true),
})
export type ComparisonState = z.infer<typeof comparisonStateSchema>
