import { z } from 'zod'
import { comparisonStateSchema } from '#server/domain/comparison/state.ts'
import { json, timeSchema } from './common.ts'
import { runSummarySchema } from './dag.ts'
import { versionDiffSchema } from './version.ts'

export const verdictSchema = z.object({
  /** `none`: nothing is declared, so nothing can be said. */
  word: z.enum(['better', 'same', 'regressed', 'none']),
  /** Evidence, most telling first: `accuracy +2.8 %, tolerance ±0.5 %`. The same words in CLI and browser. */
  reasons: z.array(z.string()),
})
export type Verdict = z.infer<typeof verdictSchema>

/** Ids that the task had in runs of older versions, before it was renamed to the one that it is shown under. */
const wasSchema = z.array(z.string())

/** One figure per run, in the order of `runs`; null where a run has none. */
export const metricRowSchema = z.object({
  task: z.string(),
  key: z.string().nullable(),
  name: z.string(),
  was: wasSchema,
  better: z.enum(['higher', 'lower']).nullable(),
  tolerance: z.object({ abs: z.number().optional(), rel: z.number().optional() }).nullable(),
  cells: z.array(
    z
      .object({
        value: z.number(),
        delta: z.number().nullable(),
        deltaRatio: z.number().nullable(),
        change: z.enum(['base', 'same', 'better', 'worse', 'changed']),
      })
      .nullable(),
  ),
})
export type MetricRow = z.infer<typeof metricRowSchema>

export const fieldRowSchema = z.object({
  kind: z.enum(['param', 'value']),
  task: z.string().nullable(),
  key: z.string().nullable(),
  name: z.string(),
  was: wasSchema,
  cells: z.array(json),
  same: z.boolean(),
})
export type FieldRow = z.infer<typeof fieldRowSchema>

export const timingRowSchema = z.object({
  task: z.string(),
  key: z.string().nullable(),
  was: wasSchema,
  /** Offsets in ms from the run's start. */
  cells: z.array(
    z
      .object({
        queuedAt: z.number(),
        startedAt: z.number().nullable(),
        endedAt: z.number().nullable(),
        state: z.string(),
      })
      .nullable(),
  ),
})

/** An output that at least one run has; its particulars are asked for by kind. */
export const outputRowSchema = z.object({
  task: z.string(),
  key: z.string().nullable(),
  name: z.string(),
  was: wasSchema,
  path: z.string(),
  kind: z.enum(['table', 'image', 'text', 'json', 'binary']),
  cells: z.array(
    z.object({ hash: z.string(), size: z.number(), mediaType: z.string(), url: z.string() }).nullable(),
  ),
  same: z.boolean(),
})
export type OutputRow = z.infer<typeof outputRowSchema>

export const comparisonSchema = z.object({
  state: comparisonStateSchema,
  base: z.uuid(),
  runs: z.array(runSummarySchema.extend({ failedIn: z.string().nullable() })),
  verdict: verdictSchema,
  fields: z.array(fieldRowSchema),
  metrics: z.array(metricRowSchema),
  outputs: z.array(outputRowSchema),
  timings: z.array(timingRowSchema),
  /** Code and graph of each run's version against the base's; null where it is the same version or another DAG. */
  versions: z.array(versionDiffSchema.nullable()),
})
export type Comparison = z.infer<typeof comparisonSchema>

export const tableDiffSchema = z.object({
  columns: z.array(z.string()),
  key: z.array(z.string()),
  /** Said instead of rows when tables cannot be joined (no key declared, duplicate keys, a column missing). */
  problem: z.string().nullable(),
  counts: z.object({ added: z.number(), removed: z.number(), changed: z.number(), same: z.number() }),
  offset: z.number(),
  rows: z.array(
    z.object({
      change: z.enum(['added', 'removed', 'changed', 'same']),
      cells: z.array(
        z.object({ before: z.string().nullable(), after: z.string().nullable(), changed: z.boolean() }),
      ),
    }),
  ),
})
export type TableDiff = z.infer<typeof tableDiffSchema>

export const textDiffSchema = z.object({
  before: z.string(),
  after: z.string(),
  truncated: z.boolean(),
})
export type TextDiff = z.infer<typeof textDiffSchema>

export const shareLinkSchema = z.object({
  id: z.uuid(),
  comparisonId: z.uuid(),
  createdBy: z.string().nullable(),
  createdAt: timeSchema,
  expiresAt: timeSchema,
  revokedAt: timeSchema.nullable(),
})
export type ShareLink = z.infer<typeof shareLinkSchema>
