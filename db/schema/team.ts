/** Teams, their people, and how a person or a program proves who it is. */
import { sql } from 'drizzle-orm'
import { index, pgTable, primaryKey, text, uniqueIndex, uuid } from 'drizzle-orm/pg-core'
import { createdAt, id, time } from './columns.ts'

export const team = pgTable('team', {
  id: id(),
  name: text('name').notNull().unique(),
  createdAt: createdAt(),
})

export const user = pgTable('user', {
  id: id(),
  name: text('name').notNull(),
  email: text('email').notNull(),
  /** Raised to end every session of this user. */
  sessionEpoch: text('session_epoch').notNull().default('0'),
  createdAt: createdAt(),
})

export const member = pgTable(
  'member',
  {
    teamId: uuid('team_id')
      .notNull()
      .references(() => team.id, { onDelete: 'cascade' }),
    userId: uuid('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    role: text('role', { enum: ['owner', 'editor', 'viewer'] }).notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.teamId, t.userId] })],
)

/** A one-time sign-in link. Only the SHA-256 (hex) of its secret is kept. */
export const signInLink = pgTable('sign_in_link', {
  id: id(),
  userId: uuid('user_id')
    .notNull()
    .references(() => user.id, { onDelete: 'cascade' }),
  secretHash: text('secret_hash').notNull().unique(),
  expiresAt: time('expires_at').notNull(),
  usedAt: time('used_at'),
  createdAt: createdAt(),
})

/** A personal access token, for REST and as the git password. Only the SHA-256 (hex) of its secret is kept. */
export const apiToken = pgTable(
  'api_token',
  {
    id: id(),
    userId: uuid('user_id')
      .notNull()
      .references(() => user.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    secretHash: text('secret_hash').notNull(),
    /** The first characters, to tell tokens apart in a list. */
    prefix: text('prefix').notNull(),
    lastUsedAt: time('last_used_at'),
    expiresAt: time('expires_at'),
    revokedAt: time('revoked_at'),
    createdAt: createdAt(),
  },
  (t) => [
    uniqueIndex('api_token_secret')
      .on(t.secretHash)
      .where(sql`${t.revokedAt} is null`),
  ],
)

/** What workers of the pool come with: for one team, and for nothing but its attempts. Only its SHA-256 (hex) is kept. */
export const workerToken = pgTable('worker_token', {
  id: id(),
  teamId: uuid('team_id')
    .notNull()
    .references(() => team.id, { onDelete: 'cascade' }),
  createdBy: uuid('created_by').references(() => user.id),
  name: text('name').notNull(),
  secretHash: text('secret_hash').notNull().unique(),
  prefix: text('prefix').notNull(),
  /** The one queue that it is for: of workers that a cluster is asked for. null: any but those. */
  queue: text('queue'),
  revokedAt: time('revoked_at'),
  createdAt: createdAt(),
})

/**
 * A value of a team's secret, sealed (`server/services/secret/secret-box.ts`). The one that stands has no `replaced_at`; those before
 * it stay while attempts live that were given them, so that their logs can be kept free of them.
 */
export const teamSecret = pgTable(
  'team_secret',
  {
    id: id(),
    teamId: uuid('team_id')
      .notNull()
      .references(() => team.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    sealed: text('sealed').notNull(),
    createdBy: uuid('created_by').references(() => user.id),
    createdAt: createdAt(),
    replacedAt: time('replaced_at'),
  },
  (t) => [
    uniqueIndex('team_secret_name')
      .on(t.teamId, t.name)
      .where(sql`${t.replacedAt} is null`),
    index('team_secret_replaced')
      .on(t.replacedAt)
      .where(sql`${t.replacedAt} is not null`),
  ],
)
