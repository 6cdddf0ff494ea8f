/** What attempts leave behind. Bytes are in the artifact store under their SHA-256; rows point to them. */
import {
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  jsonb,
  pgTable,
  primaryKey,
  text,
  uuid,
} from 'drizzle-orm/pg-core'
import type { Json } from '#server/domain/json.ts'
import { createdAt } from './columns.ts'
import { attempt } from './run.ts'

/** A published output: visible only once the attempt succeeded and every byte is stored (R13). */
export const output = pgTable(
  'output',
  {
    attemptId: uuid('attempt_id')
      .notNull()
      .references(() => attempt.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    path: text('path').notNull(),
    /** SHA-256 (hex) of the bytes: its address in the artifact store. */
    hash: text('hash').notNull(),
    size: bigint('size', { mode: 'number' }).notNull(),
    /** Media type by extension and magic bytes. */
    mediaType: text('media_type').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.attemptId, t.name] }), index('output_hash').on(t.hash)],
)

export const metric = pgTable(
  'metric',
  {
    attemptId: uuid('attempt_id')
      .notNull()
      .references(() => attempt.id, { onDelete: 'cascade' }),
    /** Order of appearance in DAGBOK_METRICS. */
    seq: integer('seq').notNull(),
    name: text('name').notNull(),
    step: bigint('step', { mode: 'number' }),
    value: doublePrecision('value').notNull(),
    declared: boolean('declared').notNull(),
  },
  (t) => [primaryKey({ columns: [t.attemptId, t.seq] })],
)

export const value = pgTable(
  'value',
  {
    attemptId: uuid('attempt_id')
      .notNull()
      .references(() => attempt.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    value: jsonb('value').$type<Json>(),
    declared: boolean('declared').notNull(),
  },
  (t) => [primaryKey({ columns: [t.attemptId, t.name] })],
)

/** A gzip chunk of an attempt's log. Offsets and lines are of the plain text, both from 0, without a gap. */
export const logChunk = pgTable(
  'log_chunk',
  {
    attemptId: uuid('attempt_id')
      .notNull()
      .references(() => attempt.id, { onDelete: 'cascade' }),
    seq: integer('seq').notNull(),
    /** SHA-256 (hex) of the gzip bytes: its address in the artifact store. */
    hash: text('hash').notNull(),
    byteOffset: bigint('byte_offset', { mode: 'number' }).notNull(),
    bytes: integer('bytes').notNull(),
    /** Number of the line that holds the chunk's first byte, and how many line ends are in the chunk. */
    firstLine: bigint('first_line', { mode: 'number' }).notNull(),
    lines: integer('lines').notNull(),
    /** Of a log that is read from elsewhere: how far that was read with this chunk, for whoever goes on. */
    until: text('until'),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.attemptId, t.seq] }), index('log_chunk_hash').on(t.hash)],
)
