/** Shapes that cross the wire: tRPC and REST answer with the same. Times are RFC 3339 strings in UTC, durations ms. */
import { z } from 'zod'
import type { Json } from '#server/domain/json.ts'
import {
  attemptStates,
  reasonNames,
  runStates,
  runTriggers,
  runVerbs,
  taskRunStates,
} from '#server/domain/run/states.ts'

export const json: z.ZodType<Json> = z.json()
export const timeSchema = z.string()
export const runStateSchema = z.enum(runStates)
export const taskRunStateSchema = z.enum(taskRunStates)
export const attemptStateSchema = z.enum(attemptStates)
export const reasonSchema = z.enum(reasonNames)
export const triggerSchema = z.enum(runTriggers)
export const verbSchema = z.enum(runVerbs)

/** How a DAG is addressed: `TEAM/REPO/DAG`. */
export const dagRefSchema = z.object({ team: z.string(), repo: z.string(), dag: z.string() })
export type DagRef = z.infer<typeof dagRefSchema>

export const faultSchema = z.object({
  file: z.string(),
  line: z.number(),
  column: z.number(),
  message: z.string(),
  guess: z.string().optional(),
})

export const versionLabelSchema = z.object({
  id: z.uuid(),
  number: z.number(),
  commit: z.string(),
  subject: z.string(),
  author: z.string(),
  committedAt: timeSchema,
})
export type VersionLabel = z.infer<typeof versionLabelSchema>

export const repositorySchema = z.object({
  id: z.uuid(),
  team: z.string(),
  name: z.string(),
  defaultBranch: z.string().nullable(),
  gitUrl: z.string(),
})
export type RepositoryView = z.infer<typeof repositorySchema>

/** An API token, without its secret. */
export const tokenViewSchema = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string(),
  createdAt: timeSchema,
  lastUsedAt: timeSchema.nullable(),
  expiresAt: timeSchema.nullable(),
})
export type TokenView = z.infer<typeof tokenViewSchema>
