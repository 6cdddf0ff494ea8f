/** What the agent in a pod and the desk say to each other, beside files and blobs, which are as for a worker of the pool. */
import { z } from 'zod'
import type { MetricDeclaration, OutputDeclaration, ValueDeclaration } from '#server/domain/dag/spec.ts'
import type { InputValue } from '../executor.ts'
import { end } from '../pool/protocol.ts'

/** What the agent does for an attempt. */
export interface PodJob {
  /** Repository path of the working directory. */
  folder: string
  /** Whether the version's files are brought. */
  checkout: boolean
  /** An inline script, by its repository path. */
  script: { path: string; text: string } | null
  inputs: Record<string, InputValue>
  outputs: Record<string, OutputDeclaration>
  metrics: Record<string, MetricDeclaration>
  values: Record<string, ValueDeclaration>
}

export const podStart = z.object({ uid: z.string().min(1).max(100) })

const text = z.string().max(10_000)

/** What an attempt left, whatever its exit code was: published with its end, or not at all (R13). */
export const podResults = end.pick({ outputs: true, metrics: true, values: true }).extend({
  /** Why `values` or `metrics` could not be read. */
  problem: text.nullable(),
  /** Declared outputs that were not left, as they are told. */
  missing: z.array(text).max(1000),
})
export type PodResults = z.infer<typeof podResults>
