import { z } from 'zod'
import {
  dagRefSchema,
  faultSchema,
  json,
  runStateSchema,
  taskRunStateSchema,
  timeSchema,
  triggerSchema,
  verbSchema,
  reasonSchema,
  versionLabelSchema,
} from './common.ts'

/** A run as a list, a bar or a column header shows it. */
export const runSummarySchema = z.object({
  id: z.uuid(),
  number: z.number(),
  dag: dagRefSchema,
  version: versionLabelSchema,
  state: runStateSchema,
  reason: reasonSchema.nullable(),
  message: z.string().nullable(),
  cancelling: z.boolean(),
  trigger: triggerSchema,
  triggeredBy: z.string().nullable(),
  params: z.record(z.string(), json),
  parent: z.object({ id: z.uuid(), number: z.number(), verb: verbSchema }).nullable(),
  logicalDate: timeSchema.nullable(),
  createdAt: timeSchema,
  startedAt: timeSchema.nullable(),
  endedAt: timeSchema.nullable(),
  url: z.string(),
})
export type RunSummary = z.infer<typeof runSummarySchema>

export const dagSummarySchema = z.object({
  id: z.uuid(),
  ref: dagRefSchema,
  title: z.string().nullable(),
  description: z.string().nullable(),
  path: z.string(),
  tags: z.array(z.string()),
  /** Version at the default branch's tip; null while it has faults and never had a version. */
  version: versionLabelSchema.nullable(),
  /** Faults at the default branch's tip. */
  faults: z.array(faultSchema),
  schedule: z.array(z.object({ cron: z.string(), timezone: z.string(), words: z.string() })),
  nextTick: timeSchema.nullable(),
  /** Newest last, 20 at most. */
  lastRuns: z.array(
    z.object({
      id: z.uuid(),
      number: z.number(),
      state: runStateSchema,
      versionNumber: z.number(),
      duration: z.number().nullable(),
      createdAt: timeSchema,
    }),
  ),
  activeRuns: z.number(),
  versions: z.number(),
})
export type DagSummary = z.infer<typeof dagSummarySchema>

/** A notebook that never had a version, for its faults keep it from being a DAG. */
export const brokenNotebookSchema = z.object({
  team: z.string(),
  repo: z.string(),
  path: z.string(),
  commit: z.string(),
  faults: z.array(faultSchema),
})

/** Runs × tasks, newest run last. `cells[r][t]` belongs to `runs[r]` and `tasks[t]`; null where that version has no such task. */
export const gridSchema = z.object({
  tasks: z.array(z.object({ id: z.string(), group: z.string().nullable(), title: z.string().nullable() })),
  runs: z.array(runSummarySchema),
  cells: z.array(
    z.array(
      z
        .object({
          state: taskRunStateSchema,
          reason: reasonSchema.nullable(),
          items: z.number(),
          done: z.number(),
          retried: z.boolean(),
          duration: z.number().nullable(),
        })
        .nullable(),
    ),
  ),
})
export type Grid = z.infer<typeof gridSchema>
