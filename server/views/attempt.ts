import { z } from 'zod'
import { json, timeSchema } from './common.ts'
import { attemptViewSchema, taskResultSchema } from './run.ts'

const blob = { path: z.string(), hash: z.string().describe('SHA-256, hex'), size: z.number() }

const givenInputSchema = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('file'), ...blob }),
  z.object({
    kind: z.literal('folder'),
    count: z.number(),
    items: z.array(z.object({ key: z.string(), ...blob })).describe('the first of them'),
  }),
  z.object({
    kind: z.literal('repository_file'),
    path: z.string(),
    blob: z.string().nullable().describe('its git blob id in the version'),
  }),
  z.object({ kind: z.literal('json'), value: json }),
  z.object({ kind: z.literal('missing'), task: z.string(), output: z.string() }),
])

const args = z.array(z.string())

/** What it was given, rendered; values of secret variables are masked. */
export const givenSchema = z.object({
  params: z.record(z.string(), json),
  action: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('script'), lang: z.string(), args }),
    z.object({ kind: z.literal('script_file'), path: z.string(), args }),
    z.object({ kind: z.literal('command'), command: z.array(z.string()), args }),
    z.object({ kind: z.literal('image'), args }),
  ]),
  env: z.record(z.string(), z.string()),
  inputs: z.record(z.string(), givenInputSchema),
  folder: z.string().describe('repository path of its working directory'),
  timeout: z.number().nullable(),
  startTimeout: z.number().nullable(),
  memory: z.number().nullable(),
})

/** All that is kept of one attempt. */
export const attemptRecordSchema = attemptViewSchema.extend({
  task: z.string(),
  key: z.string().nullable(),
  kind: z.enum(['main', 'probe']),
  submittedAt: timeSchema.nullable(),
  worker: z.object({ id: z.uuid(), host: z.string().nullable(), pid: z.number().nullable() }).nullable(),
  /** The program and arguments that were executed; null where its executor did not get so far. */
  argv: z.array(z.string()).nullable(),
  /** null where it could not be rendered. */
  given: givenSchema.nullable(),
  ...taskResultSchema.omit({ attemptId: true }).shape,
  events: z.array(z.object({ at: timeSchema, what: z.string() })),
})
export type AttemptRecord = z.infer<typeof attemptRecordSchema>
