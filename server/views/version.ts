import { z } from 'zod'
import { dagRefSchema, faultSchema, timeSchema, versionLabelSchema } from './common.ts'

export const versionImageSchema = z.object({
  image: z.string().describe('as its tasks have it'),
  digest: z
    .string()
    .describe('what it was pulled as when the version was first run; later attempts are given that'),
  seenAt: timeSchema,
  drift: z
    .object({ digest: z.string(), seenAt: timeSchema })
    .nullable()
    .describe('what the same name was pulled as since, where that is another image'),
})
export type VersionImage = z.infer<typeof versionImageSchema>

export const versionSummarySchema = versionLabelSchema.extend({
  dag: dagRefSchema,
  bundleHash: z.string(),
  path: z.string(),
  /** Refs whose tip is this version. */
  refs: z.array(z.string()),
  tasks: z.number(),
  runs: z.number(),
  lastRun: z.object({ id: z.uuid(), number: z.number(), state: z.string() }).nullable(),
  /** Of its tasks that were pods, where their cluster can tell. */
  images: z.array(versionImageSchema),
  createdAt: timeSchema,
})
export type VersionSummary = z.infer<typeof versionSummarySchema>

/** `text` is null for a binary file or one over the limit. */
export const fileDiffSchema = z.object({
  path: z.string(),
  change: z.enum(['added', 'removed', 'changed']),
  before: z.string().nullable(),
  after: z.string().nullable(),
  addedLines: z.number(),
  removedLines: z.number(),
})
export type FileDiff = z.infer<typeof fileDiffSchema>

export const graphDiffSchema = z.object({
  tasks: z.array(
    z.object({
      id: z.string(),
      /** The task's id in the other version when it was renamed. */
      renamedFrom: z.string().nullable(),
      change: z.enum(['added', 'removed', 'changed', 'same']),
      /** Which keys changed (`script`, `retries`, …). */
      changed: z.array(z.string()),
      needs: z.array(z.string()),
      group: z.string().nullable(),
    }),
  ),
})
export type GraphDiff = z.infer<typeof graphDiffSchema>

export const versionDiffSchema = z.object({
  before: versionLabelSchema,
  after: versionLabelSchema,
  files: z.array(fileDiffSchema),
  graph: graphDiffSchema,
})
export type VersionDiff = z.infer<typeof versionDiffSchema>

/** A cell as the notebook page shows it; offsets are UTF-16 units into the file's text. */
export const cellSchema = z.object({
  kind: z.enum(['front_matter', 'markdown', 'task', 'test']),
  /** Task or test id, where it could be read. */
  id: z.string().nullable(),
  start: z.number(),
  end: z.number(),
  startLine: z.number(),
  /** The text between the fences (or the Markdown itself). */
  body: z.object({ start: z.number(), end: z.number() }),
  /** The inline script that follows a task. */
  script: z
    .object({
      lang: z.string(),
      start: z.number(),
      end: z.number(),
      startLine: z.number(),
      /** Between the fences. */
      body: z.object({ start: z.number(), end: z.number() }),
    })
    .nullable(),
})
export type Cell = z.infer<typeof cellSchema>

/** Tasks and edges as a graph draws them, also while the text has faults elsewhere. */
export const graphSchema = z.object({
  tasks: z.array(
    z.object({
      id: z.string(),
      title: z.string().nullable(),
      group: z.string().nullable(),
      needs: z.array(z.string()),
      items: z.number().nullable(),
    }),
  ),
})
export type Graph = z.infer<typeof graphSchema>

export const notebookSchema = z.object({
  dag: dagRefSchema,
  path: z.string(),
  /** Branch short name, or null when a version is shown, which is read only. */
  branch: z.string().nullable(),
  /** The commit that the text is of: the base of an edit. */
  sha: z.string(),
  text: z.string(),
  cells: z.array(cellSchema),
  faults: z.array(faultSchema),
  graph: graphSchema,
  version: versionLabelSchema.nullable(),
  /** Ids of tasks of the version that are pods. */
  pods: z.array(z.string()),
  files: z.array(z.object({ path: z.string(), size: z.number() })),
})
export type Notebook = z.infer<typeof notebookSchema>
