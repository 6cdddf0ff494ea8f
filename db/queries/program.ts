/** Programs that were asked for: who runs them, and what they printed. */
import { and, eq, inArray, isNull, lt, sql } from 'drizzle-orm'
import type { Printed } from '#server/domain/notebook/program.ts'
import type { BundleEntry } from '#server/domain/version/bundle.ts'
import type { Queryable } from '../client.ts'
import { program } from '../schema/index.ts'

export interface AskedProgram {
  hash: string
  path: string
  files: BundleEntry[]
  /** Its text where git does not have it. */
  draft: string | null
  quarantine: { objects: string; alternates: string } | null
}

const later = (seconds: number) => sql`clock_timestamp() + make_interval(secs => ${seconds})`

const among = (repositoryId: string, hashes: readonly string[]) =>
  and(eq(program.repositoryId, repositoryId), inArray(program.hash, [...hashes]))

/** Asks for one to be run, unless it was. One that failed is run `again`, after those that wait, if that is wanted. */
export async function askProgram(
  q: Queryable,
  repositoryId: string,
  { hash, path, files, draft, quarantine }: AskedProgram,
  { seconds, again }: { seconds: number; again: boolean },
): Promise<void> {
  const source = { files, draft, quarantine, askedUntil: later(seconds) }
  if (again)
    await q
      .update(program)
      .set({ ...source, state: 'queued', fault: null, endedAt: null, createdAt: sql`clock_timestamp()` })
      .where(and(among(repositoryId, [hash]), eq(program.state, 'failed')))
  await q
    .insert(program)
    .values({ repositoryId, hash, path, ...source, state: 'queued' })
    .onConflictDoUpdate({
      target: [program.repositoryId, program.hash],
      set: source,
      setWhere: isNull(program.endedAt),
    })
}

/** Says that these are still waited for. */
export async function prolongPrograms(
  q: Queryable,
  repositoryId: string,
  hashes: readonly string[],
  seconds: number,
): Promise<void> {
  await q
    .update(program)
    .set({ askedUntil: later(seconds) })
    .where(and(among(repositoryId, hashes), isNull(program.endedAt)))
}

/** Those that have not ended. */
export async function openPrograms(
  q: Queryable,
  repositoryId: string,
  hashes: readonly string[],
): Promise<string[]> {
  const rows = await q
    .select({ hash: program.hash })
    .from(program)
    .where(and(among(repositoryId, hashes), isNull(program.endedAt)))
  return rows.map(({ hash }) => hash)
}

/** What those of them printed that have ended, by hash. */
export async function printedPrograms(
  q: Queryable,
  repositoryId: string,
  hashes: readonly string[],
): Promise<Map<string, Printed>> {
  const { hash, printed, fault } = program
  const rows = await q.select({ hash, printed, fault }).from(program).where(among(repositoryId, hashes))
  return new Map(
    rows.flatMap((row): [string, Printed][] => {
      if (row.printed !== null) return [[row.hash, { printed: row.printed }]]
      return row.fault === null ? [] : [[row.hash, { fault: row.fault }]]
    }),
  )
}

/** A ref holds these: they stay for good. */
export async function keepPrograms(
  q: Queryable,
  repositoryId: string,
  hashes: readonly string[],
): Promise<void> {
  await q
    .update(program)
    .set({ keptAt: sql`clock_timestamp()` })
    .where(and(among(repositoryId, hashes), isNull(program.keptAt)))
}

export interface ClaimedProgram extends AskedProgram {
  id: string
  token: string
  repositoryId: string
}

/**
 * The next that somebody waits for: of the repository that has the fewest running, so that none waits for all of
 * another's; one that is being typed before those of commits. null: there is none.
 */
export async function claimProgram(
  q: Queryable,
  host: string,
  leaseSeconds: number,
): Promise<ClaimedProgram | null> {
  const [row] = await q
    .update(program)
    .set({ state: 'running', token: sql`gen_random_uuid()`, host, leaseUntil: later(leaseSeconds) })
    .where(
      sql`${program.id} = (
        select p.id from program p
          left join (select repository_id, count(*) as places from program
            where ended_at is null and state = 'running' and lease_until > clock_timestamp()
            group by repository_id) busy on busy.repository_id = p.repository_id
        where p.ended_at is null and p.asked_until > clock_timestamp()
          and (p.state = 'queued' or p.lease_until < clock_timestamp())
        order by coalesce(busy.places, 0), p.draft is null, p.created_at
        limit 1 for update of p skip locked)`,
    )
    .returning()
  if (row === undefined || row.token === null) return null
  const { id, token, repositoryId, hash, path, files, draft, quarantine } = row
  return { id, token, repositoryId, hash, path, files, draft, quarantine }
}

/** Writes down what came of it, and forgets what it was run from; false when somebody else has it now. */
export async function endProgram(q: Queryable, token: string, came: Printed): Promise<boolean> {
  const rows = await q
    .update(program)
    .set({
      ...('printed' in came
        ? { state: 'printed' as const, printed: came.printed }
        : { state: 'failed' as const, fault: came.fault }),
      token: null,
      leaseUntil: null,
      quarantine: null,
      draft: null,
      files: [],
      endedAt: sql`clock_timestamp()`,
    })
    .where(and(eq(program.token, token), eq(program.state, 'running')))
    .returning({ id: program.id })
  return rows.length > 0
}

/** Puts back one that could not be run, which is not its author's fault: it is run again if somebody asks or still waits. */
export async function releaseProgram(q: Queryable, token: string): Promise<void> {
  await q
    .update(program)
    .set({ state: 'queued', token: null, leaseUntil: null, askedUntil: sql`clock_timestamp()` })
    .where(and(eq(program.token, token), eq(program.state, 'running')))
}

/** Puts back what an earlier life of this host was running; gives their ids. */
export async function requeuePrograms(q: Queryable, host: string): Promise<string[]> {
  const rows = await q
    .update(program)
    .set({ state: 'queued', token: null, leaseUntil: null })
    .where(and(eq(program.host, host), eq(program.state, 'running')))
    .returning({ id: program.id })
  return rows.map(({ id }) => id)
}

/** Deletes those that no ref ever held, a day after they were last wanted. Gives how many. */
export async function deleteTriedPrograms(q: Queryable): Promise<number> {
  const rows = await q
    .delete(program)
    .where(
      and(
        isNull(program.keptAt),
        lt(program.askedUntil, sql`clock_timestamp() - interval '1 day'`),
        sql`${program.state} <> 'running'`,
      ),
    )
    .returning({ id: program.id })
  return rows.length
}
