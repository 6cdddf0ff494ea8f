/** A database of its own for each test file, made from the template in milliseconds. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, inject } from 'vitest'
import { openClient, openDatabase, type Database } from '../client.ts'

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
  const onServer = async (work: (client: ReturnType<typeof openClient>) => Promise<unknown>) => {
    const client = openClient(server, { max: 1 })
    try {
      await work(client)
    } finally {
      await client.end({ timeout: 5 })
    }
  }
  beforeAll(async () => {
    await onServer((client) => client`create database ${client(name)} template template`)
    opened = openDatabase(url())
  })
  afterAll(async () => {
    await opened?.close()
    await onServer((client) => client`drop database if exists ${client(name)} with (force)`)
  })
  return {
    url,
    database: () => {
      if (opened === null) throw new Error('the database is opened before the first test, not earlier')
      return opened
    },
  }
}
