import { z } from 'zod'
import { json, timeSchema } from './common.ts'

export const auditEntrySchema = z.object({
  id: z.uuid(),
  /** `dag.pause`, `run.mark`, … */
  verb: z.string(),
  details: z.record(z.string(), json),
  /** null: Dagbok itself. */
  by: z.string().nullable(),
  createdAt: timeSchema,
})
export type AuditEntryView = z.infer<typeof auditEntrySchema>

/** Of a team: with the DAG that it was done to, or null. */
export const teamAuditEntrySchema = auditEntrySchema.extend({
  dag: z.object({ repo: z.string(), dag: z.string() }).nullable(),
})
export type TeamAuditEntryView = z.infer<typeof teamAuditEntrySchema>
