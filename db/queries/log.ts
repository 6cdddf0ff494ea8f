import { asc, desc, eq, sql } from 'drizzle-orm'
import { rowsOf, type Queryable } from '../client.ts'
import { logChunk } from '../schema/index.ts'
import { liveChannel } from './live.ts'

export type LogChunk = Omit<typeof logChunk.$inferSelect, 'attemptId' | 'createdAt' | 'until'> & {
  until?: string | null
}

/**
 * Adds to the log of a live attempt, and says so. A second write of the same chunk changes nothing.
 * @returns false when it is over, or another token's, or somebody else has written in this place: two that follow one pod
 */
export async function insertLogChunk(q: Queryable, token: string, chunk: LogChunk): Promise<boolean> {
  const { seq, hash, byteOffset, bytes, firstLine, lines, until = null } = chunk
  const rows = await rowsOf(
    q,
    sql`
    with found as (select id from attempt where token = ${token} and state in ('created', 'submitted', 'running')),
      added as (
        insert into log_chunk (attempt_id, seq, hash, byte_offset, bytes, first_line, lines, until)
        select id, ${seq}::int, ${hash}, ${byteOffset}::bigint, ${bytes}::int, ${firstLine}::bigint, ${lines}::int, ${until}::text
        from found on conflict do nothing)
    select pg_notify(${liveChannel}, 'log:' || id) from found
    where not exists (select from log_chunk c where c.attempt_id = found.id and c.seq = ${seq}::int and c.hash <> ${hash})`,
  )
  return rows.length > 0
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

/** Where whoever goes on with a log begins; all 0 where nothing is stored. */
export async function logEnd(
  q: Queryable,
  attemptId: string,
): Promise<{ seq: number; bytes: number; lines: number; until: string | null }> {
  const { seq, byteOffset, bytes, firstLine, lines, until } = logChunk
  const [last] = await q
    .select({ seq, byteOffset, bytes, firstLine, lines, until })
    .from(logChunk)
    .where(eq(logChunk.attemptId, attemptId))
    .orderBy(desc(logChunk.seq))
    .limit(1)
  if (last === undefined) return { seq: 0, bytes: 0, lines: 0, until: null }
  return {
    seq: last.seq + 1,
    bytes: last.byteOffset + last.bytes,
    lines: last.firstLine + last.lines,
    until: last.until,
  }
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
