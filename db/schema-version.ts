/**
 * Which builds may work on a database (R19). Migrations add before they take away, so a build works on the schema of a
 * later one, until a migration takes away what it uses: then whoever migrates says from which build on.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { DagbokError } from '#server/domain/errors/errors.ts'
import type { Sql } from './sql.ts'

export const migrationsFolder = join(import.meta.dirname, 'migrations')

/**
 * The migration whose build, and all later ones, work on this build's schema. A migration that takes away or renames what
 * earlier builds use, or that asks for what they do not give, names the first build that does without.
 */
const oldestTag = '0008_workers'

interface Journal {
  entries: { tag: string; when: number }[]
}

/** Times (ms) that migrations carry: the newest of this build, and that of `oldestTag`. */
function ownSchema(): { newest: number; oldest: number } {
  const text = readFileSync(join(migrationsFolder, 'meta/_journal.json'), 'utf8')
  const { entries } = JSON.parse(text) as Journal
  const oldest = entries.find(({ tag }) => tag === oldestTag)
  if (oldest === undefined) throw new Error(`there is no migration ${oldestTag}`)
  return { newest: Math.max(...entries.map(({ when }) => when)), oldest: oldest.when }
}

export const own = ownSchema()

/** The newest migration of a database, and the oldest whose build may work on it; null: nobody has said. */
export interface SchemaState {
  newest: number
  oldest: number | null
}

export type SchemaVerdict = 'works' | 'too_new' | 'not_migrated'

/** Whether a build whose newest migration is `mine` may work on a database in this state. */
export function judgeSchema({ newest, oldest }: SchemaState, mine: number): SchemaVerdict {
  if (newest < mine) return 'not_migrated'
  return newest === mine || (oldest !== null && oldest <= mine) ? 'works' : 'too_new'
}

/** Of a database without a schema the newest is 0. */
export async function schemaState(sql: Sql): Promise<SchemaState> {
  const [there] = await sql<{ journal: boolean; builds: boolean }[]>`
    select to_regclass('drizzle.__drizzle_migrations') is not null as journal,
      to_regclass('drizzle.oldest_build') is not null as builds`
  const [newest] =
    there?.journal === true
      ? await sql<{ at: string | null }[]>`select max(created_at) as at from drizzle.__drizzle_migrations`
      : []
  const [oldest] =
    there?.builds === true ? await sql<{ at: string }[]>`select at from drizzle.oldest_build` : []
  return { newest: Number(newest?.at ?? 0), oldest: oldest === undefined ? null : Number(oldest.at) }
}

/** Says from which build on a database may be worked on; it never goes back. Call it before the migrations. */
export async function refuseOlderBuilds(sql: Sql): Promise<void> {
  await sql`create schema if not exists drizzle`
  await sql`create table if not exists drizzle.oldest_build (one boolean primary key default true check (one), at bigint not null)`
  await sql`
    insert into drizzle.oldest_build (at) values (${own.oldest})
    on conflict (one) do update set at = greatest(oldest_build.at, excluded.at)`
}

export const tooNew = (): DagbokError =>
  new DagbokError(
    'unsupported',
    'The database was made by a newer Dagbok than this one. Start the newer one, or restore a backup from before the upgrade.',
  )

/** For a process that is about to work on a database, or does. @throws DagbokError `unsupported`, `unavailable` */
export async function requireSchema(sql: Sql): Promise<void> {
  const verdict = judgeSchema(await schemaState(sql), own.newest)
  if (verdict === 'too_new') throw tooNew()
  if (verdict === 'not_migrated')
    throw new DagbokError(
      'unavailable',
      'The database has the schema of an older Dagbok: `npm start` of this one brings it up to date.',
    )
}
