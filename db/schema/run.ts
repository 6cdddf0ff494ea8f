/** Runs, task runs and attempts. A trigger (migrations) forbids leaving a terminal state. */
import { sql } from 'drizzle-orm'
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  text,
  unique,
  uniqueIndex,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Json } from '#server/domain/json.ts'
import type { Given } from '#server/domain/run/attempt-record.ts'
import type { Stop } from '#server/domain/run/machine.ts'
import type { Mark } from '#server/domain/run/reuse.ts'
import type { Cause } from '#server/domain/run/cause.ts'
import type { ClusterReport } from '#server/domain/pod/cluster-report.ts'
import type { FullDisk } from '#server/domain/space.ts'
import {
  attemptKinds,
  attemptStates,
  reasonNames,
  runStates,
  runTriggers,
  runVerbs,
  taskRunStates,
} from '#server/domain/run/states.ts'
import { createdAt, id, time } from './columns.ts'
import { dag, version } from './repository.ts'
import { team, user, workerToken } from './team.ts'

export const runStateEnum = pgEnum('run_state', runStates)
export const taskRunStateEnum = pgEnum('task_run_state', taskRunStates)
export const attemptKindEnum = pgEnum('attempt_kind', attemptKinds)
export const attemptStateEnum = pgEnum('attempt_state', attemptStates)
export const reasonEnum = pgEnum('reason', reasonNames)
export const runTriggerEnum = pgEnum('run_trigger', runTriggers)
export const runVerbEnum = pgEnum('run_verb', runVerbs)

export const run = pgTable(
  'run',
  {
    id: id(),
    dagId: uuid('dag_id')
      .notNull()
      .references(() => dag.id, { onDelete: 'cascade' }),
    versionId: uuid('version_id')
      .notNull()
      .references(() => version.id),
    /** 1, 2, … within the DAG: "run 44". */
    number: integer('number').notNull(),
    state: runStateEnum('state').notNull().default('queued'),
    reason: reasonEnum('reason'),
    message: text('message'),
    trigger: runTriggerEnum('trigger').notNull(),
    triggeredBy: uuid('triggered_by').references(() => user.id),
    params: jsonb('params').$type<Record<string, Json>>().notNull(),
    logicalDate: time('logical_date'),
    intervalStart: time('interval_start'),
    intervalEnd: time('interval_end'),
    /** Of a run that a schedule or a backfill made, and of what was made of that: the schedule's key. */
    schedule: text('schedule'),
    /** The backfill that made it: `backfill_tick` points back here. */
    backfillId: uuid('backfill_id'),
    /** The runs that started it. */
    causes: jsonb('causes')
      .$type<Cause[]>()
      .notNull()
      .default(sql`'[]'::jsonb`),
    parentId: uuid('parent_id'),
    verb: runVerbEnum('verb'),
    cancelRequestedAt: time('cancel_requested_at'),
    cancelledBy: uuid('cancelled_by').references(() => user.id),
    /** A second cancel: clean-up is left out. */
    cancelForced: boolean('cancel_forced').notNull().default(false),
    /** Why the scheduler is ending it; null while it is not. */
    stopping: text('stopping').$type<Stop['why']>(),
    /** When something happens to it by itself: its time in the queue, its `run_timeout`, or its clean-up is over. */
    dueAt: time('due_at'),
    /** Admitted whatever the strategy says. */
    forced: boolean('forced').notNull().default(false),
    /** Raised by every transaction that advances the run; a cached state with another revision is stale. */
    revision: integer('revision').notNull().default(0),
    createdAt: createdAt(),
    /** When a task of it was claimed last: whose turn it is next. */
    servedAt: time('served_at'),
    startedAt: time('started_at'),
    endedAt: time('ended_at'),
  },
  (t) => [
    unique('run_number').on(t.dagId, t.number),
    index('run_live')
      .on(t.state)
      .where(sql`${t.state} in ('queued', 'running')`),
    index('run_due')
      .on(t.dueAt)
      .where(sql`${t.state} in ('queued', 'running')`),
    index('run_recent').on(t.dagId, t.createdAt),
    index('run_version').on(t.versionId, t.state),
    index('run_ended')
      .on(t.endedAt)
      .where(sql`${t.endedAt} is not null`),
    /** A tick fires once for each schedule of a DAG (R9). */
    uniqueIndex('run_schedule_tick')
      .on(t.dagId, t.schedule, t.logicalDate)
      .where(sql`${t.trigger} = 'schedule'`),
    index('run_logical_date').on(t.dagId, t.logicalDate),
    index('run_backfill').on(t.backfillId),
  ],
)

/** An answer to an `approve`, or a state given by hand with its reason. */
export type Deed =
  | { kind: 'answer'; yes: boolean; comment: string | null; values: Record<string, Json> }
  | { kind: 'mark'; as: Mark; reason: string }

/** Who answered, when (RFC 3339), and what the form's fields are. */
export interface Answer {
  yes: boolean
  by: string
  at: string
  comment: string | null
  values: Record<string, Json>
}

/** One row per task, or per item of an expanded task. A `map` has one row until it is expanded. */
export const taskRun = pgTable(
  'task_run',
  {
    id: id(),
    runId: uuid('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    task: text('task').notNull(),
    /** The item's key (`alpha=0.1`); null unless expanded. */
    key: text('key'),
    /** Position among the items, in key order; 0 unless expanded. */
    index: integer('index').notNull().default(0),
    state: taskRunStateEnum('state').notNull().default('waiting'),
    reason: reasonEnum('reason'),
    message: text('message'),
    /** When something happens to it by itself: a retry, the next look of a wait or poll, the end of its time. */
    dueAt: time('due_at'),
    /** When its rule and conditions held: deadlines, waits and polls count from here. */
    readyAt: time('ready_at'),
    /** Since when the run before holds it back (`depends_on_past`): what it may wait counts from here. */
    heldAt: time('held_at'),
    /** Of an item of a `map`: what it is. */
    item: jsonb('item').$type<Json>(),
    /** What is asked at the claim. */
    pool: text('pool'),
    /** `TEAM-ID/QUEUE` for workers of the pool; null: a scheduler's own machine. */
    queue: text('queue'),
    slots: integer('slots').notNull().default(1),
    priority: integer('priority').notNull().default(0),
    /** A teardown or `finally`: goes on in a run that is being cancelled. */
    cleanup: boolean('cleanup').notNull().default(false),
    /** The answer to an `approve`. */
    answer: jsonb('answer').$type<Answer>(),
    /** The task run of an earlier run whose results these are. */
    reusedFrom: uuid('reused_from'),
    /** Attempts that counted against `retries`, and against `infrastructure_retries`. */
    userFailures: integer('user_failures').notNull().default(0),
    infrastructureFailures: integer('infrastructure_failures').notNull().default(0),
    attempts: integer('attempts').notNull().default(0),
    queuedAt: time('queued_at'),
    startedAt: time('started_at'),
    endedAt: time('ended_at'),
  },
  (t) => [
    unique('task_run_key').on(t.runId, t.task, t.key).nullsNotDistinct(),
    index('task_run_queued')
      .on(t.priority.desc(), t.queuedAt)
      .where(sql`${t.state} = 'queued'`),
    index('task_run_queued_of_run')
      .on(t.runId, t.priority.desc(), t.queuedAt)
      .where(sql`${t.state} = 'queued'`),
    index('task_run_active')
      .on(t.runId)
      .where(sql`${t.state} in ('starting', 'running')`),
    index('task_run_due')
      .on(t.dueAt)
      .where(sql`${t.dueAt} is not null and ${t.endedAt} is null`),
    index('task_run_reused')
      .on(t.reusedFrom)
      .where(sql`${t.reusedFrom} is not null`),
    index('task_run_pool')
      .on(t.pool)
      .where(sql`${t.pool} is not null and ${t.state} in ('starting', 'running')`),
  ],
)

export const attempt = pgTable(
  'attempt',
  {
    id: id(),
    taskRunId: uuid('task_run_id')
      .notNull()
      .references(() => taskRun.id, { onDelete: 'cascade' }),
    runId: uuid('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    /** 1, 2, … within the task run. */
    n: integer('n').notNull(),
    kind: attemptKindEnum('kind').notNull().default('main'),
    /** Fencing token: whoever writes for this attempt must hold it. */
    token: uuid('token').notNull(),
    state: attemptStateEnum('state').notNull().default('created'),
    reason: reasonEnum('reason'),
    message: text('message'),
    executor: text('executor').notNull(),
    workerId: uuid('worker_id'),
    leaseUntil: time('lease_until'),
    /** What the executor needs to find it again after a crash, e.g. `{pid, startTime, bootId}`. */
    handle: jsonb('handle').$type<Record<string, Json>>(),
    /** What it was given, as rendered, without secrets. */
    record: jsonb('record').$type<Given>(),
    exitCode: integer('exit_code'),
    signal: text('signal'),
    /** Peak resident memory in bytes and CPU time in seconds, where the executor can tell. */
    memoryPeak: bigint('memory_peak', { mode: 'number' }),
    cpuSeconds: doublePrecision('cpu_seconds'),
    createdAt: createdAt(),
    /** Handed to its worker, which has it ready. */
    submittedAt: time('submitted_at'),
    startedAt: time('started_at'),
    endedAt: time('ended_at'),
  },
  (t) => [
    unique('attempt_n').on(t.taskRunId, t.n),
    /** All that is written for an attempt finds it by this. */
    uniqueIndex('attempt_token').on(t.token),
    index('attempt_run').on(t.runId),
    index('attempt_ended')
      .on(t.endedAt)
      .where(sql`${t.endedAt} is not null`),
    index('attempt_live')
      .on(t.workerId)
      .where(sql`${t.state} in ('created', 'submitted', 'running')`),
  ],
)

/** A process of the product that schedules, or a worker of the pool. */
export const worker = pgTable('worker', {
  id: uuid('id').primaryKey(),
  /** Machine and folder: a later life of the same worker has the same. */
  host: text('host').notNull(),
  pid: integer('pid').notNull(),
  /** Of a worker of the pool: the token it came with. null: one of the product's own. */
  tokenId: uuid('token_id').references(() => workerToken.id, { onDelete: 'cascade' }),
  /** Queues it serves: of its token's team, or of all teams when it has no token. */
  queues: jsonb('queues')
    .$type<string[]>()
    .notNull()
    .default(sql`'[]'::jsonb`),
  /** Attempts that it can hold at once; 0: it does not say. */
  slots: integer('slots').notNull().default(0),
  startedAt: time('started_at').notNull().defaultNow(),
  heartbeatAt: time('heartbeat_at').notNull().defaultNow(),
  /** Its disk that refuses new work, as it said last; null: it has room, or does not say. */
  fullDisk: jsonb('full_disk').$type<FullDisk>(),
  /** Of whoever looks after a cluster: what it found when it asked that last; null: it has not. */
  cluster: jsonb('cluster').$type<ClusterReport>(),
  /** It takes nothing new any more. */
  drainingAt: time('draining_at'),
  stoppedAt: time('stopped_at'),
})

/** Slots of a team that tasks of any DAG share. */
export const pool = pgTable(
  'pool',
  {
    id: id(),
    teamId: uuid('team_id')
      .notNull()
      .references(() => team.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    slots: integer('slots').notNull(),
    createdAt: createdAt(),
  },
  (t) => [unique('pool_name').on(t.teamId, t.name)],
)

/** What people did to a run by hand: applied by a scheduler, and kept as the audit. */
export const intervention = pgTable(
  'intervention',
  {
    id: id(),
    runId: uuid('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    taskRunId: uuid('task_run_id')
      .notNull()
      .references(() => taskRun.id, { onDelete: 'cascade' }),
    deed: jsonb('deed').$type<Deed>().notNull(),
    userId: uuid('user_id').references(() => user.id),
    createdAt: createdAt(),
    /** null while no scheduler has seen it. `noted`: the task run was over, and only a later Recover reads it. */
    outcome: text('outcome').$type<'applied' | 'too_late' | 'noted'>(),
  },
  (t) => [
    index('intervention_open')
      .on(t.createdAt)
      .where(sql`${t.outcome} is null`),
    /** Two people who answer at once: the first one has. */
    uniqueIndex('intervention_answer')
      .on(t.taskRunId)
      .where(sql`${t.deed}->>'kind' = 'answer'`),
    index('intervention_run').on(t.runId),
  ],
)
