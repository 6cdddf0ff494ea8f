/** Statements with names, on the real Postgres, where its idea of them is not the driver's. */
import { sql, type SQL } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { openDatabase, rowsOf, wasUndone, type Database, type Queryable } from './client.ts'
import { testDatabase } from './testing/test-database.ts'

const { url } = testDatabase()

const twice = (n: number): SQL => sql`select ${n}::int * 2 as twice`
const ask = async (q: Queryable, n: number) => (await rowsOf<{ twice: number }>(q, twice(n)))[0]?.twice

/** A pool of one connection, on which the statement has a name. */
async function named<T>(work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(url(), { max: 1, applicationName: 'names' })
  try {
    for (let n = 0; n < 25; n++) expect(await ask(db, n)).toBe(2 * n)
    expect(await prepared(db)).toBe(1)
    return await work(db)
  } finally {
    await db.close()
  }
}

/** How many of its name the connection has. */
const prepared = async (db: Database) => {
  const [row] = await db.client<{ n: number }[]>`
    select count(*)::int as n from pg_prepared_statements where statement like '%as twice'`
  return row?.n
}

test.each(['deallocate all', 'discard all'])(
  'after `%s` a statement is asked again, and named anew',
  (what) =>
    named(async (db) => {
      await db.client.run(what)
      expect(await prepared(db)).toBe(0)
      expect(await ask(db, 21)).toBe(42)
      expect(await ask(db, 4)).toBe(8)
      expect(await prepared(db)).toBe(1)
    }),
)

test('in a transaction it is undone, may be done again, and then works', () =>
  named(async (db) => {
    await db.client.run('deallocate all')
    const work = () => db.transaction(async (tx) => [await ask(tx, 1), await ask(tx, 2)])
    await expect(work()).rejects.toSatisfy(wasUndone)
    expect(await work()).toEqual([2, 4])
  }))

test('a value that cannot be sent fails its own statement, and none after it', () =>
  named(async (db) => {
    const self: Record<string, unknown> = {}
    self['self'] = self
    await expect(ask(db, self as never)).rejects.toThrow('Failed query')
    // The server has forgotten the name by now, also where the next use is in a transaction.
    expect(await db.transaction(async (tx) => [await ask(tx, 1), await ask(tx, 2)])).toEqual([2, 4])
    await expect(ask(db, self as never)).rejects.toThrow('Failed query')
    expect(await ask(db, 3)).toBe(6)
  }))

test('a name that the server has already is passed by', async () => {
  const name = await named(async (db) => {
    const [row] = await db.client<{ name: string }[]>`
      select name from pg_prepared_statements where statement like '%as twice'`
    return row?.name
  })
  const db = openDatabase(url(), { max: 1, applicationName: 'names' })
  try {
    // As behind a pooler that hands transactions to connections on which others have prepared theirs.
    await db.client.run(`prepare ${name} as select $1::int * 2 as twice`)
    for (let n = 0; n < 3; n++) expect(await ask(db, n)).toBe(2 * n)
  } finally {
    await db.close()
  }
})

test('a new connection after a lost one knows no names, and gets them', () =>
  named(async (db) => {
    await db.client`select pg_terminate_backend(pg_backend_pid())`.catch(() => {})
    expect(await ask(db, 6)).toBe(12)
    expect(await prepared(db)).toBe(1)
  }))
