/** [R19] An upgrade from every state that the schema has had, each with rows in all its tables. */
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { drizzle } from 'drizzle-orm/node-postgres'
import { migrate } from 'drizzle-orm/node-postgres/migrator'
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { migrateDatabase } from './migrate.ts'
import { identifier, openSql, type Sql } from './sql.ts'
import { fillTables } from './testing/fill.ts'

const source = join(import.meta.dirname, 'migrations')
const journalOf = (text: string) => JSON.parse(text) as { entries: { idx: number; tag: string }[] }
const { entries } = journalOf(readFileSync(join(source, 'meta/_journal.json'), 'utf8'))

/** What a migration took away: a table, or columns of one. Whatever is named here has gone somewhere else, or nobody needs it. */
const takenAway: Record<string, 'table' | readonly string[]> = {
  // Its crons go on in `dag_schedule`.
  schedule_cursor: 'table',
  // `paused_at` came in its place; a pause from before that was not carried over.
  dag: ['paused'],
}

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-states-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const server = () => openSql(inject('databaseUrl'), { max: 1 })
let name = ''
let sql: Sql
afterEach(async () => {
  await sql.end()
  const admin = server()
  await admin.run(`drop database if exists ${identifier(name)} with (force)`)
  await admin.end()
})

/** An empty database; gives its address. */
async function emptyDatabase(): Promise<string> {
  name = `state_${crypto.randomUUID().replaceAll('-', '')}`
  const admin = server()
  await admin.run(`create database ${identifier(name)} template template0`)
  await admin.end()
  const address = new URL(inject('databaseUrl'))
  address.pathname = `/${name}`
  sql = openSql(address.href, { max: 2 })
  return address.href
}

/** Brings a database to the state after so many migrations, as the build of that time did. */
async function migrateTo(count: number): Promise<void> {
  const copy = join(folder, `${count}`)
  await cp(source, copy, { recursive: true })
  const file = join(copy, 'meta/_journal.json')
  const journal = journalOf(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...journal, entries: journal.entries.slice(0, count) }))
  await migrate(drizzle(sql.pool), { migrationsFolder: copy })
}

type Rows = Record<string, unknown>[]

const rowsOf = async (tables: readonly string[]): Promise<Map<string, Rows>> => {
  const found = new Map<string, Rows>()
  for (const table of tables) {
    const { rows } = await sql.pool.query<{ row: Record<string, unknown> }>(
      `select to_jsonb(t) as row from "${table}" t order by t.ctid`,
    )
    found.set(
      table,
      rows.map(({ row }) => row),
    )
  }
  return found
}

/** Columns, with their types and whether they may be null, and constraints. */
const shape = async () =>
  (
    await sql<{ what: string }[]>`
    select table_name || '.' || column_name || ' ' || udt_name || ' ' || is_nullable || ' ' || coalesce(column_default, '') as what
    from information_schema.columns where table_schema = 'public'
    union all select conrelid::regclass::text || ' ' || pg_get_constraintdef(oid) from pg_constraint
      where connamespace = 'public'::regnamespace and contype <> 'n'
    union all select indexdef from pg_indexes where schemaname = 'public'
    union all select tgrelid::regclass::text || ' ' || tgname from pg_trigger where not tgisinternal`
  )
    .map(({ what }) => what)
    .toSorted((a, b) => (a < b ? -1 : 1))

let whole: string[] = []
test('from nothing', async () => {
  await migrateDatabase(await emptyDatabase())
  whole = await shape()
  expect(whole.length).toBeGreaterThan(100)
})

test.each(entries.map(({ idx, tag }) => ({ tag, count: idx + 1 })))(
  'from the state after $tag no row and no field is lost, and the schema is that of a new database',
  async ({ count }) => {
    const url = await emptyDatabase()
    await migrateTo(count)
    const tables = await fillTables(sql)
    const before = await rowsOf(tables)
    await migrateDatabase(url)
    expect(await shape()).toEqual(whole)
    const after = await rowsOf(tables.filter((table) => takenAway[table] !== 'table'))
    for (const [table, rows] of before) {
      const gone = takenAway[table] ?? []
      if (gone === 'table') continue
      const kept = (row: Record<string, unknown>) =>
        Object.fromEntries(Object.entries(row).filter(([column]) => !gone.includes(column)))
      const now = after.get(table) ?? []
      expect(now, table).toHaveLength(rows.length)
      for (const row of rows) expect(now, table).toContainEqual(expect.objectContaining(kept(row)))
    }
  },
)

test('the comparison sees one field of one row that is another', async () => {
  await migrateDatabase(await emptyDatabase())
  const tables = await fillTables(sql)
  const before = (await rowsOf(tables)).get('run') ?? []
  await sql`update run set number = number + 10 where number = 1`
  const now = (await rowsOf(['run'])).get('run') ?? []
  expect(now).not.toContainEqual(expect.objectContaining(before[0]))
})
