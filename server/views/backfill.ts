import { z } from 'zod'
import { backfillOrders, backfillStates, reprocessings, tickPlans } from '#server/domain/schedule/backfill.ts'
import { json, runStateSchema, timeSchema } from './common.ts'
import { whyNotRunningSchema } from './why.ts'

export const reprocessSchema = z.enum(reprocessings)
export const backfillOrderSchema = z.enum(backfillOrders)

/** Which dates a backfill is of: dates or times, the whole of the last day included, in the schedule's zone. */
export const rangeSchema = z.object({
  version: z.string().optional().describe('a version; without it that of the default branch'),
  schedule: z.coerce
    .number()
    .int()
    .min(1)
    .default(1)
    .describe('which of the version’s schedules: 1 is the first'),
  from: z.string().describe('first logical date: 2026-01-31, or 2026-01-31T06:00'),
  to: z.string().describe('last logical date, included; a date alone is its whole day'),
  reprocess: reprocessSchema
    .default('none')
    .describe('dates that have a run: leave them, run again what did not succeed, or all that has ended'),
  order: backfillOrderSchema.default('oldest'),
})
export type Range = z.infer<typeof rangeSchema>

export const backfillDateSchema = z.object({
  logicalDate: timeSchema,
  intervalStart: timeSchema,
  intervalEnd: timeSchema,
  plan: z.enum(tickPlans),
  /** A run was made of it; when `run` is null, that was deleted since, and is not made again. */
  made: z.boolean(),
  /** The run that was made of it, or that is there already. */
  run: z.object({ number: z.number(), state: runStateSchema }).nullable(),
  /** Of a date whose run is to come, or has not started. */
  whyNotRunning: whyNotRunningSchema.nullable(),
})
export type BackfillDate = z.infer<typeof backfillDateSchema>

const plansSchema = z.record(z.enum(tickPlans), z.number())

/** What a backfill would do. */
export const backfillPreviewSchema = z.object({
  version: z.number(),
  schedule: z.string(),
  timezone: z.string(),
  /** What its runs are given where nothing else is asked for: the schedule's, and defaults. */
  params: z.record(z.string(), json),
  dates: z.number(),
  plans: plansSchema,
  /** In the order in which runs are made, from `offset`. */
  page: z.array(backfillDateSchema),
})
export type BackfillPreview = z.infer<typeof backfillPreviewSchema>

export const backfillSchema = z.object({
  id: z.uuid(),
  number: z.number(),
  version: z.number(),
  schedule: z.string(),
  from: z.string(),
  to: z.string(),
  reprocess: reprocessSchema,
  order: backfillOrderSchema,
  concurrency: z.number(),
  params: z.record(z.string(), json),
  state: z.enum(backfillStates),
  createdBy: z.string().nullable(),
  createdAt: timeSchema,
  endedAt: timeSchema.nullable(),
  /** How many dates it has, how many get no run, and how far the others are. */
  progress: z.object({
    dates: z.number(),
    skipped: z.number(),
    pending: z.number(),
    deleted: z.number().describe('their runs were made, and have gone since'),
    queued: z.number(),
    running: z.number(),
    succeeded: z.number(),
    failed: z.number(),
    cancelled: z.number(),
  }),
  /** Of the first of its dates whose run is to come. */
  whyNotRunning: whyNotRunningSchema.nullable(),
  url: z.string(),
})
export type Backfill = z.infer<typeof backfillSchema>
