/** Who did what, when: rows are inserted, never changed. */
import { index, jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import type { Json } from '#server/domain/json.ts'
import { createdAt, id } from './columns.ts'
import { dag } from './repository.ts'
import { team, user } from './team.ts'

export const auditEntry = pgTable(
  'audit_entry',
  {
    id: id(),
    teamId: uuid('team_id')
      .notNull()
      .references(() => team.id, { onDelete: 'cascade' }),
    dagId: uuid('dag_id').references(() => dag.id, { onDelete: 'cascade' }),
    /** null: Dagbok itself. */
    userId: uuid('user_id').references(() => user.id),
    /** `dag.pause`, `backfill.create`, … */
    verb: text('verb').notNull(),
    details: jsonb('details').$type<Record<string, Json>>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [
    index('audit_entry_dag').on(t.dagId, t.createdAt),
    index('audit_entry_team').on(t.teamId, t.createdAt),
  ],
)
