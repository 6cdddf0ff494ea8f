import { z } from 'zod'
import { causeSchema } from '#server/domain/run/cause.ts'
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
import { whyNotRunningSchema } from './why.ts'

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
  /** It started at once, whatever limits and strategy of its DAG said. */
  forced: z.boolean(),
  params: z.record(z.string(), json),
  parent: z.object({ id: z.uuid(), number: z.number(), verb: verbSchema }).nullable(),
  logicalDate: timeSchema.nullable(),
  intervalStart: timeSchema.nullable(),
  intervalEnd: timeSchema.nullable(),
  /** Why it is there, in one sentence. */
  why: z.string(),
  /** The runs that started it. */
  causes: z.array(causeSchema.extend({ url: z.string() })),
  /** The backfill that made it. */
  backfill: z.object({ number: z.number(), url: z.string() }).nullable(),
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
  owners: z.array(z.string()),
  /** Version at the default branch's tip; null while it has faults and never had a version. */
  version: versionLabelSchema.nullable(),
  /** Faults at the default branch's tip. */
  faults: z.array(faultSchema),
  schedule: z.array(
    z.object({
      key: z.string(),
      cron: z.string().nullable(),
      /** ms */
      every: z.number().nullable(),
      timezone: z.string(),
      semantics: z.enum(['point', 'interval']),
      catchup: z.boolean(),
      words: z.string(),
    }),
  ),
  /** null also while it is paused. */
  nextTick: timeSchema.nullable(),
  paused: z.object({ at: timeSchema, by: z.string().nullable() }).nullable(),
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
  /** The oldest run that is queued, and why it has not started. */
  queued: whyNotRunningSchema.extend({ number: z.number() }).nullable(),
  versions: z.number(),
})
export type DagSummary = z.infer<typeof dagSummarySchema>

export const dagDetailSchema = dagSummarySchema.extend({
  gitUrl: z.string(),
  defaultBranch: z.string().nullable(),
  /** The next five of all schedules; none while it is paused. */
  nextTicks: z.array(z.object({ schedule: z.string(), at: timeSchema, logicalDate: timeSchema })),
  /** `REPO/DAG@VERSION` and `REPO/DAG.TASK.OUTPUT`, as the notebook has them. */
  triggers: z.object({
    successOf: z.array(z.string()),
    outputs: z.object({ mode: z.enum(['all', 'any']), of: z.array(z.string()) }).nullable(),
    webhook: z.boolean(),
  }),
  /** Dates of its schedules that are due and have no run yet: the first of each schedule, how many (1,000 at most), and why. */
  heldDates: z.array(
    z.object({
      schedule: z.string(),
      logicalDate: timeSchema,
      dates: z.number(),
      more: z.boolean(),
      whyNotRunning: whyNotRunningSchema,
    }),
  ),
  /** Triggers that started nothing of late, newest first: the same is told once in ten minutes. `source` is the run that would have. */
  refused: z.array(
    z.object({
      at: timeSchema,
      trigger: z.enum(['webhook', 'success_of', 'outputs']),
      source: z.string().nullable(),
      why: z.string(),
    }),
  ),
  /** Where its webhook is, if it has a secret. */
  hook: z.object({ url: z.string(), createdAt: timeSchema, createdBy: z.string().nullable() }).nullable(),
})
export type DagDetail = z.infer<typeof dagDetailSchema>

/** A DAG's webhook; its secret is told once, when it is made. */
export const webhookSchema = z.object({
  dag: dagRefSchema,
  url: z.string(),
  createdAt: timeSchema,
  createdBy: z.string().nullable(),
})
export type WebhookView = z.infer<typeof webhookSchema>

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
