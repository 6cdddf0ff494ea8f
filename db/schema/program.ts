/** Programs that were asked for, and what they printed: each is run once per content. */
import { sql } from 'drizzle-orm'
import { check, index, jsonb, pgTable, text, unique, uuid } from 'drizzle-orm/pg-core'
import type { Fault } from '#server/domain/notebook/fault.ts'
import type { BundleEntry } from '#server/domain/version/bundle.ts'
import { createdAt, id, time } from './columns.ts'
import { repository } from './repository.ts'

/** Object folders of a push that is not accepted yet: its files are read from there. */
interface Quarantine {
  objects: string
  alternates: string
}

export const program = pgTable(
  'program',
  {
    id: id(),
    repositoryId: uuid('repository_id')
      .notNull()
      .references(() => repository.id, { onDelete: 'cascade' }),
    /** SHA-256 (hex) of its path and of the list of files that it can read. */
    hash: text('hash').notNull(),
    path: text('path').notNull(),
    files: jsonb('files').$type<BundleEntry[]>().notNull(),
    /** Its text where it is being edited and git does not have it; null where git has. */
    draft: text('draft'),
    quarantine: jsonb('quarantine').$type<Quarantine>(),
    state: text('state', { enum: ['queued', 'running', 'printed', 'failed'] }).notNull(),
    printed: text('printed'),
    fault: jsonb('fault').$type<Fault>(),
    /** Nobody waits for it any more after this: then it is not begun. */
    askedUntil: time('asked_until').notNull(),
    /** Of who runs it: a late word of somebody else is refused. */
    token: uuid('token'),
    host: text('host'),
    leaseUntil: time('lease_until'),
    endedAt: time('ended_at'),
    /** Whether a ref has held it: what was only tried may go. */
    keptAt: time('kept_at'),
    createdAt: createdAt(),
  },
  (t) => [
    unique('program_content').on(t.repositoryId, t.hash),
    index('program_open')
      .on(t.createdAt)
      .where(sql`${t.endedAt} is null`),
    check('program_printed', sql`(${t.state} = 'printed') = (${t.printed} is not null)`),
    check('program_failed', sql`(${t.state} = 'failed') = (${t.fault} is not null)`),
    check('program_ended', sql`(${t.state} in ('printed', 'failed')) = (${t.endedAt} is not null)`),
    check(
      'program_running',
      sql`(${t.state} = 'running') = (${t.token} is not null and ${t.leaseUntil} is not null)`,
    ),
  ],
)
