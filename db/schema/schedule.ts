/** Where each schedule of a DAG stands. */
import { sql } from 'drizzle-orm'
import { index, jsonb, pgTable, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import type { Schedule } from '#server/domain/dag/spec.ts'
import { id, time } from './columns.ts'
import { dag, version } from './repository.ts'

/**
 * A schedule of a DAG, from the moment its version was scheduled to the moment another took its place. Ticks in
 * (cursor, until] are still to come, and no other row fires them.
 */
export const dagSchedule = pgTable(
  'dag_schedule',
  {
    id: id(),
    dagId: uuid('dag_id')
      .notNull()
      .references(() => dag.id, { onDelete: 'cascade' }),
    /** What makes it the same schedule in another version: `0 6 * * * Europe/London`. */
    key: text('key').notNull(),
    versionId: uuid('version_id')
      .notNull()
      .references(() => version.id, { onDelete: 'cascade' }),
    entry: jsonb('entry').$type<Schedule>().notNull(),
    /** The last tick that was fired, or the moment before the first. */
    cursor: time('cursor').notNull(),
    /** Since when another version's schedules hold; null while this one does. */
    until: time('until'),
    /** The next tick to fire; null if there is none any more. */
    nextTick: time('next_tick'),
  },
  (t) => [
    uniqueIndex('dag_schedule_live')
      .on(t.dagId, t.key)
      .where(sql`${t.until} is null`),
    index('dag_schedule_due').on(t.nextTick),
  ],
)
