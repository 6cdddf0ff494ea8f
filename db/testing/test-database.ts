/** A database of its own for each test file, made from the template in milliseconds. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, inject } from 'vitest'
import { openDatabase, type Database } from '../client.ts'
import { identifier, openSql, type Sql } from '../sql.ts'

/**
 * Call it at the top of a test file. `database()` and `url()` may be used in tests and hooks; the database is dropped
 * after the last test.
 */
export function testDatabase(): { database: () => Database; url: () => string } {
  const server = inject('databaseUrl')
  const name = `test_${randomBytes(8).toString('hex')}`
  let opened: Database | null = null
  const url = () => {
    const address = new URL(server)
    address.pathname = `/${name}`
    return address.href
  }
  const onServer = async (work: (client: Sql) => Promise<unknown>) => {
    const client = openSql(server, { max: 1 })
    try {
      await work(client)
    } finally {
      await client.end()
    }
  }
  beforeAll(async () => {
    await onServer((client) => client.run(`create database ${identifier(name)} template template`))
    opened = openDatabase(url())
  })
  afterAll(async () => {
    await opened?.close()
    await onServer((client) => client.run(`drop database if exists ${identifier(name)} with (force)`))
  })
  return {
    url,
    database: () => {
      if (opened === null) throw new Error('the database is opened before the first test, not earlier')
      return opened
    },
  }
}
