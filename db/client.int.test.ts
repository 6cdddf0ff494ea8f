import { once } from 'node:events'
import { expect, test } from 'vitest'
import { openDatabase, type Database } from './client.ts'
import { isOutage } from './outage.ts'
import { team } from './schema/index.ts'
import { testDatabase } from './testing/test-database.ts'

const { database, url } = testDatabase()

/** Ends the connections of the pool that is called so; the server is rid of them then. */
const cut = (name: string) => database().client`
  select pg_terminate_backend(pid, 60000) from pg_stat_activity where application_name = ${name}`

async function withPool<T>(name: string, work: (db: Database) => Promise<T>): Promise<T> {
  const db = openDatabase(url(), { max: 2, applicationName: name })
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

const add = (db: Pick<Database, 'insert'>, name: string) => db.insert(team).values({ name })
const teams = async () => (await database().select().from(team)).map(({ name }) => name)

test('[R14] a transaction whose connection has died writes nothing more, not even on another connection', async () => {
  await withPool('cut', async (db) => {
    const second = Promise.withResolvers<unknown>()
    const whole = db.transaction(async (tx) => {
      await add(tx, 'before')
      const gone = once(db.client.pool, 'remove')
      await cut('cut')
      await gone
      // Somebody else has opened another connection meanwhile.
      await db.client`select 1`
      second.resolve(
        await add(tx, 'after').then(
          () => 'written',
          (error: unknown) => error,
        ),
      )
    })
    await expect(whole).rejects.toSatisfy(isOutage)
    expect(await second.promise).toSatisfy(isOutage)
    expect(await teams()).toEqual([])
  })
})

test('[R14] connections that die in transactions leave their places in the pool', async () => {
  await withPool('places', async (db) => {
    for (let n = 0; n < 5; n++) {
      const dying = db.transaction(async (tx) => {
        await tx.select().from(team)
        await cut('places')
      })
      await expect(dying).rejects.toSatisfy(isOutage)
    }
    await db.transaction((tx) => add(tx, 'at last'))
    expect(await teams()).toEqual(['at last'])
  })
})

test('[R14] who listens hears again after the connection was cut, and is told of the gap', async () => {
  await withPool('listener', async (db) => {
    const heard: string[] = []
    let gaps = 0
    let told: () => void = () => {}
    const next = () => new Promise<void>((resolve) => (told = resolve))
    const { unlisten } = await db.client.listen(
      'test_channel',
      (payload) => {
        heard.push(payload)
        told()
      },
      () => {
        gaps++
        told()
      },
    )
    const say = (what: string) => database().client`select pg_notify('test_channel', ${what})`
    await Promise.all([next(), say('before')])
    await Promise.all([next(), cut('listener')])
    await Promise.all([next(), say('after')])
    expect(heard).toEqual(['before', 'after'])
    expect(gaps).toBe(2)
    await unlisten()
  })
})

test('a statement whose connection dies under it fails as an outage, and the process lives', async () => {
  await withPool('asleep', async (db) => {
    const asleep = db.client`select pg_sleep(600)`
    const failed = asleep.catch((error: unknown) => error)
    const busy = () => database().client`
      select 1 from pg_stat_activity where state = 'active' and application_name = 'asleep'`
    await expect.poll(busy, { timeout: 60_000 }).toHaveLength(1)
    await cut('asleep')
    expect(await failed).toSatisfy(isOutage)
    expect(await db.client`select 1 as one`).toEqual([{ one: 1 }])
  })
})

test.each([
  ['is still at work', 200],
  ['has no connection yet', 0],
])('a pool that is closed cuts what %s when its time is over', async (_, ms) => {
  const db = openDatabase(url(), { max: 1, applicationName: 'closing' })
  const asleep = db.client`select pg_sleep(600)`.catch((error: unknown) => error)
  await db.client.end(ms)
  expect(await asleep).toSatisfy(isOutage)
})

test('[R7] a statement that is not answered fails as an outage, in a transaction or not, and the pool has room again', async () => {
  const db = openDatabase(url(), { max: 1, applicationName: 'slow', statementMs: 300 })
  try {
    const silent = expect.objectContaining({
      message: expect.stringContaining('Postgres did not answer a statement within 0.3 s') as string,
    }) as Error
    await expect(db.client`select pg_sleep(60)`).rejects.toEqual(silent)
    const whole = db.transaction(async (tx) => {
      await add(tx, 'before')
      await tx.execute('select pg_sleep(60)')
    })
    await expect(whole).rejects.toSatisfy(isOutage)
    expect(await db.client`select 1 as one`).toEqual([{ one: 1 }])
    expect(await teams()).not.toContain('before')
  } finally {
    await db.close()
  }
})

test('a session is in UTC and closes what idles in a transaction, also when the address has settings of its own', async () => {
  const address = new URL(url())
  address.searchParams.set('options', '-c work_mem=5MB')
  const db = openDatabase(address.href, { max: 1 })
  const [row] = await db.client`
    select current_setting('TimeZone') as zone, current_setting('work_mem') as memory,
      current_setting('idle_in_transaction_session_timeout') as idle, current_setting('application_name') as name`
  expect(row).toEqual({ zone: 'UTC', memory: '5MB', idle: '30s', name: 'dagbok' })
  await db.close()
})

test('a transaction that Postgres rolled back is not taken for one that was committed', async () => {
  await withPool('undone', async (db) => {
    const whole = db.transaction(async (tx) => {
      await add(tx, 'undone')
      await tx.execute('select 1 / 0').catch(() => null)
    })
    await expect(whole).rejects.toMatchObject({
      cause: { message: 'The transaction was rolled back: a statement of it had failed.' },
    })
    expect(await teams()).not.toContain('undone')
    // The connection is as good as before.
    await db.transaction((tx) => tx.select().from(team))
  })
})

test('to listen again while one stops to listen loses nothing; to close twice is to close once', async () => {
  await withPool('again', async (db) => {
    const heard: string[] = []
    const first = await db.client.listen('again_channel', () => {})
    const [second] = await Promise.all([
      db.client.listen('again_channel', (payload) => heard.push(payload)),
      first.unlisten(),
    ])
    await database().client`select pg_notify('again_channel', 'there')`
    await expect.poll(() => heard, { timeout: 60_000 }).toEqual(['there'])
    await second.unlisten()
    await db.close()
  })
})
