import { asc, eq, sql } from 'drizzle-orm'
import type { Queryable } from '../client.ts'
import { logChunk } from '../schema/index.ts'

export type LogChunk = Omit<typeof logChunk.$inferSelect, 'attemptId' | 'createdAt'>

/** A second write of the same chunk changes nothing. */
export async function insertLogChunk(q: Queryable, attemptId: string, chunk: LogChunk): Promise<void> {
  await q
    .insert(logChunk)
    .values({ attemptId, ...chunk })
    .onConflictDoNothing()
}

/** All chunks in order: a row each, no bytes. */
export async function logChunks(q: Queryable, attemptId: string): Promise<LogChunk[]> {
  const { seq, hash, byteOffset, bytes, firstLine, lines } = logChunk
  return q
    .select({ seq, hash, byteOffset, bytes, firstLine, lines })
    .from(logChunk)
    .where(eq(logChunk.attemptId, attemptId))
    .orderBy(asc(logChunk.seq))
}

/** Bytes and whole lines that are stored. */
export async function logSize(q: Queryable, attemptId: string): Promise<{ bytes: number; lines: number }> {
  const [row] = await q
    .select({
      bytes: sql<number>`coalesce(max(${logChunk.byteOffset} + ${logChunk.bytes}), 0)::float8`,
      lines: sql<number>`coalesce(max(${logChunk.firstLine} + ${logChunk.lines}), 0)::float8`,
    })
    .from(logChunk)
    .where(eq(logChunk.attemptId, attemptId))
  return row ?? { bytes: 0, lines: 0 }
}
