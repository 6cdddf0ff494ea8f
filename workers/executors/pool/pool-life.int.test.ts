/** What workers of the pool live through: networks, restarts, ends in order and without a word. */
import { appendFile, chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { openPool, type PoolCrew } from '../../testing/pool-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, goneFrom, Trial } from '../conformance/trial.ts'

const { database } = testDatabase()
let shop: Workshop
let pool: PoolCrew
/** Short, so that a test can outlast it. */
const leaseSeconds = 8
beforeAll(async () => {
  shop = await openWorkshop(
    database(),
    async (place) => (pool = await openPool(place, { slots: null, leaseSeconds })),
  )
  // The tasks' user may enter it, and look at what it knows the name of.
  await chmod(shop.hosted.folder, 0o711)
})
afterAll(() => shop.close())
const trial = new Trial({ executor: 'pool', database, shop: () => shop })

/** Says its attempt's number, waits for a word in a file, and says it. */
const listens = (queue: string, word: string, keys = '') =>
  cell(
    `id: pool-${queue}\nqueue: ${queue}\n${keys}`,
    'bash',
    `echo "attempt $DAGBOK_ATTEMPT"; until [ -s ${word} ]; do sleep 0.05; done; cat ${word}`,
  )

const wordFor = (name: string) => join(shop.hosted.folder, `${name}.word`)

test('an attempt goes on while the desk is away, and all of its log is there afterwards', async () => {
  const worker = await pool.hire('--queue', 'cut', '--slots', '2')
  const word = wordFor('cut')
  await trial.push('cut', [listens('cut', word)])
  const { run } = await trial.spoken('cut')
  await pool.closed()
  await appendFile(word, 'said while nobody listened\n')
  // It ends meanwhile: its end waits for a desk.
  await goneFrom(/dagbok-pool-cut/)
  await pool.opened()
  expect((await shop.ended('cut', 1)).state).toBe('succeeded')
  expect(await shop.log(run, 'pool-cut')).toBe('attempt 1\nsaid while nobody listened\n')
  expect(await trial.attempts(run)).toHaveLength(1)
  expect(await worker.end('SIGTERM')).toBe(0)
})

test('a worker that is drained takes nothing new, and lets end what runs', async () => {
  const first = await pool.hire('--queue', 'drain', '--slots', '4', '--drain', '10m')
  const word = wordFor('drain')
  await trial.push('drain', [listens('drain', word)])
  const { run } = await trial.spoken('drain')
  const ended = first.end('SIGTERM')
  await shop.until(async () => {
    const rows = await database()
      .client`select 1 from worker where draining_at is not null and stopped_at is null`
    return rows.length > 0 ? true : null
  })
  await trial.push('drain-next', [cell('id: t\nqueue: drain', 'bash', 'echo second')])
  const second = await pool.hire('--queue', 'drain', '--drain', '0s')
  const next = await shop.ended('drain-next', 1)
  expect(next.state).toBe('succeeded')
  const by = await database().client<{ run: string; worker: string }[]>`
    select run_id as run, worker_id as worker from attempt where run_id in (${run}, ${next.id})`
  expect(new Set(by.map((row) => row.worker)).size).toBe(2)
  await appendFile(word, 'ended in peace\n')
  expect(await ended).toBe(0)
  expect((await shop.ended('drain', 1)).state).toBe('succeeded')
  expect(await shop.log(run, 'pool-drain')).toBe('attempt 1\nended in peace\n')
  expect(await second.end('SIGTERM')).toBe(0)
})

test('[R3] a worker that sleeps longer than its lease loses the attempt, and ends it when it wakes', async () => {
  const sleeper = await pool.hire('--queue', 'zombie', '--slots', '1', '--drain', '0s')
  const word = wordFor('zombie')
  await trial.push('zombie', [listens('zombie', word, 'retries: 0')])
  const { run } = await trial.spoken('zombie')
  sleeper.child.kill('SIGSTOP')
  const other = await pool.hire('--queue', 'zombie', '--drain', '0s')
  await shop.until(async () => {
    const rows = await trial.attempts(run)
    return rows[1]?.state === 'running' ? true : null
  })
  expect(await trial.attempts(run)).toMatchObject([
    { n: 1, state: 'lost', reason: 'worker_lost', userFailures: 0, infrastructureFailures: 1 },
    { n: 2, state: 'running' },
  ])
  sleeper.child.kill('SIGCONT')
  await goneFrom(/dagbok-pool-zombie/, 1)
  await appendFile(word, 'once\n')
  expect((await shop.ended('zombie', 1)).state).toBe('succeeded')
  expect(await shop.log(run, 'pool-zombie')).toBe('attempt 2\nonce\n')
  for (const worker of [sleeper, other]) expect(await worker.end('SIGTERM')).toBe(0)
})

test('[R1] a worker that is cut off for longer than its lease ends its attempt before the desk gives it up', async () => {
  const cut = await pool.hire('--queue', 'gone', '--drain', '0s')
  await trial.push('gone', [listens('gone', wordFor('gone'), 'infrastructure_retries: 0')])
  const { run } = await trial.spoken('gone')
  await pool.closed()
  await goneFrom(/dagbok-pool-gone/)
  expect(await trial.attempts(run)).toMatchObject([{ state: 'running' }])
  await pool.opened()
  expect((await shop.ended('gone', 1)).state).toBe('failed')
  expect(await trial.attempts(run)).toMatchObject([{ state: 'lost', reason: 'worker_lost' }])
  expect(await cut.end('SIGTERM')).toBe(0)
})

test('a worker whose token is revoked ends what it runs, and says why it stops', async () => {
  const worker = await pool.hire('--queue', 'revoked', '--drain', '10m')
  await trial.push('revoked', [listens('revoked', wordFor('revoked'), 'infrastructure_retries: 0')])
  await trial.spoken('revoked')
  await database().client`update worker_token set revoked_at = now() where id = ${pool.tokenId}`
  await goneFrom(/dagbok-pool-revoked/)
  const code = await worker.end('SIGCONT')
  expect(code).toBe(4)
  expect(worker.said()).toContain('revoked')
  expect((await shop.ended('revoked', 1)).state).toBe('failed')
})
