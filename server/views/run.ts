import { z } from 'zod'
import { attemptStateSchema, json, reasonSchema, taskRunStateSchema, timeSchema } from './common.ts'
import { runSummarySchema } from './dag.ts'
import { graphSchema } from './version.ts'
import { whyNotRunningSchema } from './why.ts'

export const outputViewSchema = z.object({
  name: z.string(),
  path: z.string(),
  size: z.number(),
  hash: z.string(),
  mediaType: z.string(),
  url: z.string(),
})
export type OutputView = z.infer<typeof outputViewSchema>

export const attemptViewSchema = z.object({
  id: z.uuid(),
  n: z.number(),
  state: attemptStateSchema,
  reason: reasonSchema.nullable(),
  message: z.string().nullable(),
  executor: z.string(),
  exitCode: z.number().nullable(),
  signal: z.string().nullable(),
  memoryPeak: z.number().nullable(),
  cpuSeconds: z.number().nullable(),
  createdAt: timeSchema,
  startedAt: timeSchema.nullable(),
  endedAt: timeSchema.nullable(),
  /** Whole log so far: bytes and complete lines. */
  log: z.object({ bytes: z.number(), lines: z.number(), url: z.string() }),
})
export type AttemptView = z.infer<typeof attemptViewSchema>

export const taskRunViewSchema = z.object({
  task: z.string(),
  key: z.string().nullable(),
  index: z.number(),
  state: taskRunStateSchema,
  reason: reasonSchema.nullable(),
  message: z.string().nullable(),
  dueAt: timeSchema.nullable(),
  /** Of what waits, is queued, starts, retries or awaits an answer. */
  whyNotRunning: whyNotRunningSchema.nullable(),
  /** Number of the earlier run of the DAG whose results it has. */
  reusedFrom: z.number().nullable(),
  /** The answer to an `approve`. */
  answer: z
    .object({
      yes: z.boolean(),
      by: z.string(),
      at: timeSchema,
      comment: z.string().nullable(),
      values: z.record(z.string(), json),
    })
    .nullable(),
  queuedAt: timeSchema.nullable(),
  startedAt: timeSchema.nullable(),
  endedAt: timeSchema.nullable(),
  attempts: z.array(attemptViewSchema),
})
export type TaskRunView = z.infer<typeof taskRunViewSchema>

export const runDetailSchema = runSummarySchema.extend({
  graph: graphSchema,
  taskRuns: z.array(taskRunViewSchema),
  /** Of tasks that a person answers: what is asked, and a JSON Schema per field. */
  forms: z.record(
    z.string(),
    z.object({ message: z.string().nullable(), fields: z.record(z.string(), z.record(z.string(), json)) }),
  ),
  /** By task: what it asks for and runs without, as who carries it out does. Null is what it has, or did not ask for. */
  ignored: z.record(z.string(), z.object({ image: z.string().nullable(), cpu: z.number().nullable() })),
  /** By task: what its author says of it, and of what it changes outside the run. */
  described: z.record(
    z.string(),
    z.object({ description: z.string().nullable(), effects: z.string().nullable() }),
  ),
  /** Ids of the tasks that are pods. */
  pods: z.array(z.string()),
  /** States given by hand, oldest first. `noted`: of a task run that was over; a later Recover reads it. */
  marks: z.array(
    z.object({
      task: z.string(),
      key: z.string().nullable(),
      as: z.enum(['succeeded', 'failed', 'skipped']),
      reason: z.string(),
      by: z.string().nullable(),
      at: timeSchema,
      outcome: z.enum(['applied', 'too_late', 'noted']).nullable(),
    }),
  ),
  /** Who asked for its end; null when nobody did, or it is not known. */
  cancelledBy: z.string().nullable(),
  /** Of a run that is queued, or of which nothing runs now. */
  whyNotRunning: whyNotRunningSchema.nullable(),
  /** Verdict first: `Failed: train, exit code 1`. */
  headline: z.string(),
})
export type RunDetail = z.infer<typeof runDetailSchema>

/** Everything the task panel shows besides attempts and logs; of the newest attempt, or the one asked for. */
export const taskResultSchema = z.object({
  attemptId: z.uuid().nullable(),
  outputs: z.array(outputViewSchema),
  metrics: z.array(
    z.object({
      name: z.string(),
      step: z.number().nullable(),
      value: z.number(),
      declared: z.boolean(),
      better: z.enum(['higher', 'lower']).nullable(),
    }),
  ),
  values: z.array(z.object({ name: z.string(), value: json, declared: z.boolean() })),
})
export type TaskResult = z.infer<typeof taskResultSchema>

/** A page of a log. `lines` are numbered from `firstLine` (0-based). `next` continues; `end` is true when no more will come. */
export const logPageSchema = z.object({
  firstLine: z.number(),
  lines: z.array(z.string()),
  totalLines: z.number(),
  totalBytes: z.number(),
  end: z.boolean(),
})
export type LogPage = z.infer<typeof logPageSchema>

/** Numbers of the lines that were looked for, 0-based, the first 10,000; how many there are in all. */
export const logMatchesSchema = z.object({ lines: z.array(z.number()), total: z.number() })
export type LogMatches = z.infer<typeof logMatchesSchema>

/** A page of a table output. */
export const tablePageSchema = z.object({
  columns: z.array(z.string()),
  rows: z.array(z.array(z.string())),
  offset: z.number(),
  totalRows: z.number(),
})
export type TablePage = z.infer<typeof tablePageSchema>

/** What a Recover or Fork takes over from the earlier run, and what runs, each with its reason. */
export const reusePlanSchema = z.array(
  z.object({ task: z.string(), key: z.string().nullable(), reused: z.boolean(), why: z.string() }),
)
export type ReusePlan = z.infer<typeof reusePlanSchema>

export const madeRunSchema = z.object({ id: z.uuid(), number: z.number(), url: z.string() })
