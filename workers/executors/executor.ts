/**
 * What every executor promises. The scheduler decides that an attempt is due; an executor runs its code at most once
 * (R1), and tells how it ended through the sink. Adapters: `process/`, `pool/`, `kubernetes/`, one conformance suite;
 * what it leaves to each is in `conformance/manner.ts`.
 */
import type { Taker } from '#db/queries/claim.ts'
import { defaultQueue } from '#db/queries/worker.ts'
import { leaseMs } from '#server/config/lease.ts'
import type { Json } from '#server/domain/json.ts'
import type { OutputDeclaration, MetricDeclaration, ValueDeclaration } from '#server/domain/dag/spec.ts'
import type { TaskPod } from '#server/domain/pod/task-pod.ts'
import type { Reason } from '#server/domain/run/states.ts'
import type { LogChunkRow } from '#server/storage/logs/log-writer.ts'

/** An input as the task gets it: a blob as a file, a list of blobs as a folder with `index.json`, or plain JSON. */
export type InputValue =
  | { kind: 'file'; path: string; hash: string; size: number }
  | { kind: 'folder'; items: { key: string; path: string; hash: string; size: number }[] }
  | { kind: 'repository_file'; path: string }
  | { kind: 'json'; value: Json }
  /** An optional output that was not left: the input's path names a file that is not there. */
  | { kind: 'missing'; task: string; output: string }

export interface AttemptJob {
  attemptId: string
  token: string
  runId: string
  dag: string
  versionId: string
  task: string
  key: string | null
  n: number
  /** Repository path of the working directory within the checkout. */
  folder: string
  action:
    | { kind: 'script'; lang: string; text: string; shell?: string[] | undefined; args: string[] }
    | { kind: 'script_file'; path: string; args: string[] }
    | { kind: 'command'; command: string[]; args: string[] }
    /** What its image does by itself: only a pod has one. */
    | { kind: 'image'; args: string[] }
  /** N1 without the paths that only the executor knows (DAGBOK_OUT, DAGBOK_IN_*, …). */
  env: Record<string, string>
  /** Of its team, by variable: they are shown and kept nowhere (S6). Not there: it has none. */
  secrets?: Record<string, string>
  inputs: Record<string, InputValue>
  outputs: Record<string, OutputDeclaration>
  metrics: Record<string, MetricDeclaration>
  values: Record<string, ValueDeclaration>
  /** Milliseconds; null is without. */
  timeout: number | null
  /** Milliseconds until its code must have started; null is the executor's own bound. */
  startTimeout: number | null
  /** Bytes; null is without a limit. */
  memory: number | null
  /** What only a pod can have; not there: it says nothing of one. */
  pod?: PodWishes
}

export interface PodWishes {
  /** As rendered; null: the deployment's. */
  image: string | null
  /** Processors. */
  cpu: number | null
  task: TaskPod | null
}

export interface AttemptEnd {
  state: 'succeeded' | 'failed' | 'lost' | 'cancelled'
  reason: Reason | null
  message: string | null
  exitCode: number | null
  signal: string | null
  memoryPeak: number | null
  cpuSeconds: number | null
  outputs: { name: string; path: string; hash: string; size: number; mediaType: string }[]
  metrics: { name: string; step: number | null; value: number; declared: boolean }[]
  values: { name: string; value: Json; declared: boolean }[]
}

/** An end without results. */
export const attemptEnd = (
  state: AttemptEnd['state'],
  reason: AttemptEnd['reason'],
  message: string | null,
): AttemptEnd => ({
  state,
  reason,
  message,
  exitCode: null,
  signal: null,
  memoryPeak: null,
  cpuSeconds: null,
  outputs: [],
  metrics: [],
  values: [],
})

/** What an executor writes for an attempt. Every call carries the fencing token; `false` means it was fenced: stop. */
export interface AttemptSink {
  /**
   * created → submitted; `handle` finds the process again after a crash. For executors whose gate is asked from elsewhere,
   * or much later.
   */
  submitted(token: string, handle: Record<string, Json>): Promise<boolean>
  /**
   * The start gate: created or submitted → running, by compare-and-set. Only after `true` may user code start: an answer that comes
   * when the attempt may have been given up meanwhile is none (R17).
   */
  passGate(token: string, handle: Record<string, Json>): Promise<boolean>
  /** Appends a gzip chunk of the log, in order. */
  appendLog(token: string, chunk: LogChunkRow): Promise<boolean>
  /** Ends the attempt: results are published and successors become ready in the same transaction. */
  ended(token: string, end: AttemptEnd): Promise<boolean>
  /** Prolongs the lease. `'cancel'` asks the executor to end the attempt's process group. */
  heartbeat(tokens: string[]): Promise<Map<string, 'go_on' | 'cancel' | 'fenced'>>
}

/** An attempt that an earlier life of this executor left behind. */
export interface OrphanedAttempt {
  attemptId: string
  token: string
  state: 'created' | 'submitted' | 'running'
  handle: Record<string, Json> | null
}

/** Whose work an executor takes, and on which terms. */
export interface Post extends Taker {
  /** The worker's row that its attempts name; null: the scheduler's own. */
  workerId: string | null
  /** ms that an attempt may be without a word before its first heartbeat. */
  leaseMs: number
}

/** What a scheduler's own machine takes: what needs no pool, and of the pool what lies in the queue `default`. */
export const ownMachine: Post = {
  own: true,
  queues: [defaultQueue],
  teamId: null,
  workerId: null,
  leaseMs,
}

export interface Executor {
  readonly name: string
  readonly post: Post
  /** How many attempts it can hold at once. */
  readonly capacity: number
  /** Takes a job that was claimed; resolves when it is submitted, not when it ends. Never throws for the job's sake. */
  submit(job: AttemptJob): Promise<void>
  /** Ends the attempt (SIGTERM, then SIGKILL to its process group). Its end comes through the sink. */
  cancel(token: string, why: 'cancel' | 'timeout'): void
  /** Ends what an earlier life left running. Resolves when no process of those attempts lives. */
  endOrphans(orphans: OrphanedAttempt[]): Promise<void>
  /** Ends every attempt as `lost`, reason `worker_stopped`, within `graceMs`. */
  stop(graceMs: number): Promise<void>
}
