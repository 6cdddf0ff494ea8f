/** What else starts a DAG: other DAGs' successes and outputs, and webhooks. */
import {
  bigserial,
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
import { subscriptionKinds, type Cause } from '#server/domain/run/cause.ts'
import { createdAt, id, time } from './columns.ts'
import { dag } from './repository.ts'
import { run } from './run.ts'
import { user } from './team.ts'

export const subscriptionKindEnum = pgEnum('subscription_kind', subscriptionKinds)

/** What a DAG's scheduled version waits for of another DAG of the same team, which need not be there. */
export const dagSubscription = pgTable(
  'dag_subscription',
  {
    id: id(),
    dagId: uuid('dag_id')
      .notNull()
      .references(() => dag.id, { onDelete: 'cascade' }),
    kind: subscriptionKindEnum('kind').notNull(),
    repo: text('repo').notNull(),
    dag: text('dag').notNull(),
    /** Of `success`: which version's runs count; null is every version's. */
    ref: text('ref'),
    /** Of outputs. */
    task: text('task'),
    output: text('output'),
  },
  (t) => [index('dag_subscription_source').on(t.dag, t.repo), index('dag_subscription_dag').on(t.dagId)],
)

/** A success, or a task's publication of outputs, that somebody waits for. Written with it, gone when it was followed. */
export const triggerEvent = pgTable(
  'trigger_event',
  {
    id: bigserial('id', { mode: 'number' }).primaryKey(),
    runId: uuid('run_id')
      .notNull()
      .references(() => run.id, { onDelete: 'cascade' }),
    /** null: the run succeeded. */
    task: text('task'),
    tries: integer('tries').notNull().default(0),
    dueAt: time('due_at').notNull().defaultNow(),
  },
  (t) => [
    unique('trigger_event_once').on(t.runId, t.task).nullsNotDistinct(),
    index('trigger_event_due').on(t.dueAt),
  ],
)

/** Outputs that were published while a DAG waits for the rest of its list. */
export const publishedInput = pgTable(
  'published_input',
  {
    dagId: uuid('dag_id')
      .notNull()
      .references(() => dag.id, { onDelete: 'cascade' }),
    /** `REPO/DAG.TASK.OUTPUT`. */
    source: text('source').notNull(),
    cause: jsonb('cause').$type<Cause>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.dagId, t.source] })],
)

/** A DAG's webhook. Its secret is made from the salt and the server's own secret, and kept nowhere. */
export const dagWebhook = pgTable('dag_webhook', {
  dagId: uuid('dag_id')
    .primaryKey()
    .references(() => dag.id, { onDelete: 'cascade' }),
  salt: text('salt').notNull(),
  createdBy: uuid('created_by').references(() => user.id),
  createdAt: createdAt(),
})

/** Messages that were taken, so that a replay is refused. */
export const webhookDelivery = pgTable(
  'webhook_delivery',
  {
    dagId: uuid('dag_id')
      .notNull()
      .references(() => dag.id, { onDelete: 'cascade' }),
    /** The sender's `webhook-id`. */
    messageId: text('message_id').notNull(),
    runId: uuid('run_id').references(() => run.id, { onDelete: 'set null' }),
    receivedAt: time('received_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.dagId, t.messageId] })],
)
