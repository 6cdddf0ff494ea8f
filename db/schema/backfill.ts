/** Backfills: runs for past dates of a schedule, made a few at a time. */
import {
  boolean,
  index,
  integer,
  jsonb,
  pgEnum,
  pgTable,
  primaryKey,
  text,
  unique,
  uuid,
} from 'drizzle-orm/pg-core'
import { backfillOrders, backfillStates, reprocessings, tickPlans } from '#server/domain/schedule/backfill.ts'
import type { Json } from '#server/domain/json.ts'
import type { Schedule } from '#server/domain/dag/spec.ts'
import { createdAt, id, time } from './columns.ts'
import { dag, version } from './repository.ts'
import { run } from './run.ts'
import { user } from './team.ts'

export const backfillStateEnum = pgEnum('backfill_state', backfillStates)
export const reprocessEnum = pgEnum('reprocess', reprocessings)
export const backfillOrderEnum = pgEnum('backfill_order', backfillOrders)
export const tickPlanEnum = pgEnum('tick_plan', tickPlans)

export const backfill = pgTable(
  'backfill',
  {
    id: id(),
    dagId: uuid('dag_id')
      .notNull()
      .references(() => dag.id, { onDelete: 'cascade' }),
    /** 1, 2, … within the DAG: "backfill 3". */
    number: integer('number').notNull(),
    versionId: uuid('version_id')
      .notNull()
      .references(() => version.id),
    /** The schedule whose dates it fills, as its version had it. */
    entry: jsonb('entry').$type<Schedule>().notNull(),
    /** The schedule's key; null: it is older than that, and has the one that `entry` gives. */
    schedule: text('schedule'),
    /** The range as it was asked for, in the schedule's zone. */
    from: text('from').notNull(),
    to: text('to').notNull(),
    reprocess: reprocessEnum('reprocess').notNull(),
    order: backfillOrderEnum('order').notNull(),
    /** How many of its runs may be queued or running at once. */
    concurrency: integer('concurrency').notNull(),
    params: jsonb('params').$type<Record<string, Json>>().notNull(),
    state: backfillStateEnum('state').notNull().default('running'),
    createdBy: uuid('created_by').references(() => user.id),
    createdAt: createdAt(),
    endedAt: time('ended_at'),
  },
  (t) => [unique('backfill_number').on(t.dagId, t.number), index('backfill_state_index').on(t.state)],
)

/** A date of a backfill: what was planned for it, and the run that was made of it, once. */
export const backfillTick = pgTable(
  'backfill_tick',
  {
    backfillId: uuid('backfill_id')
      .notNull()
      .references(() => backfill.id, { onDelete: 'cascade' }),
    logicalDate: time('logical_date').notNull(),
    intervalStart: time('interval_start').notNull(),
    intervalEnd: time('interval_end').notNull(),
    /** Its place in the order in which runs are made. */
    position: integer('position').notNull(),
    plan: tickPlanEnum('plan').notNull(),
    /** A run was made of it: a trigger says so with `runId`, and it stays when that run is deleted. */
    made: boolean('made').notNull().default(false),
    runId: uuid('run_id').references(() => run.id, { onDelete: 'set null' }),
  },
  (t) => [primaryKey({ columns: [t.backfillId, t.logicalDate] }), index('backfill_tick_run').on(t.runId)],
)
