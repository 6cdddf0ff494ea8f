/** Comparisons that were kept, and links that show one to someone without a session. */
import { jsonb, pgTable, text, uuid } from 'drizzle-orm/pg-core'
import type { ComparisonState } from '#server/domain/comparison/state.ts'
import { createdAt, id, time } from './columns.ts'
import { team, user } from './team.ts'

export const comparison = pgTable('comparison', {
  id: id(),
  teamId: uuid('team_id')
    .notNull()
    .references(() => team.id, { onDelete: 'cascade' }),
  createdBy: uuid('created_by').references(() => user.id),
  /** Runs and view, frozen. */
  state: jsonb('state').$type<ComparisonState>().notNull(),
  createdAt: createdAt(),
})

/** A share link. Only the SHA-256 (hex) of its secret is kept. */
export const shareLink = pgTable('share_link', {
  id: id(),
  comparisonId: uuid('comparison_id')
    .notNull()
    .references(() => comparison.id, { onDelete: 'cascade' }),
  secretHash: text('secret_hash').notNull().unique(),
  createdBy: uuid('created_by').references(() => user.id),
  expiresAt: time('expires_at').notNull(),
  revokedAt: time('revoked_at'),
  createdAt: createdAt(),
})
