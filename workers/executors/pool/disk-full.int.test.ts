/** [R15] A worker of the pool whose disk is full, beside one whose is not. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runsById } from '#db/queries/run-view.ts'
import { workersOf } from '#db/queries/worker.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { readRun } from '#server/services/run/read-run.ts'
import { SmallDisk, whyNoSmallDisk } from '#server/testing/small-disk.ts'
import { openPool, type PoolCrew } from '../../testing/pool-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'

const MB = 2 ** 20
/** As root it has a copy of Node there. */
const roomMB = 256
const reason = await whyNoSmallDisk()
const { database } = testDatabase()
let shop: Workshop
let pool: PoolCrew
/** Of the first worker. */
let disk: SmallDisk | null = null

beforeAll(async () => {
  shop = await openWorkshop(
    database(),
    async (place) =>
      (pool = await openPool(place, {
        slots: null,
        env: { DAGBOK_MIN_FREE_BYTES: String(16 * MB) },
        laid: async (runtime) => void (disk ??= await SmallDisk.mount(runtime, roomMB)),
      })),
  )
})
afterAll(async () => {
  await disk?.unmount()
  await shop.close()
})
const trial = new Trial({ executor: 'pool', database, shop: () => shop })

/** Workers that are there, the first one first. */
async function workers() {
  const [team] = await database().client<{ id: string }[]>`select id from team where name = 'main'`
  return (await workersOf(database(), team?.id ?? '')).toReversed()
}

const firstIsFull = (full: boolean) =>
  shop.until(async () => {
    const [first] = await workers()
    return first !== undefined && (first.full !== null) === full ? first : null
  })

const queued = (dag: string) =>
  shop.until(async () => {
    const [row] = await database().client<{ id: string }[]>`
      select r.id from run r join dag d on d.id = r.dag_id join task_run t on t.run_id = r.id
      where d.name = ${dag} and t.state = 'queued'`
    return row?.id ?? null
  })

const attemptsBy = async (run: string) =>
  (
    await database().client<{ worker: string; state: string }[]>`
      select worker_id as worker, state from attempt where run_id = ${run}`
  ).map(({ worker, state }) => [worker, state])

test.skipIf(reason !== null)(
  'it takes nothing until there is room, says so, and fails none of what others can do',
  async () => {
    const task = [cell('id: t\nqueue: narrow', 'bash', 'echo done')]
    const first = await pool.hire('--queue', 'narrow', '--drain', '0s')
    const { id: narrow } = await firstIsFull(false)
    await disk?.fill(4 * MB)
    expect((await firstIsFull(true)).full).toMatchObject({
      place: 'the worker’s runtime folder',
      least: 16 * MB,
    })

    await trial.push('one', task)
    const run = await queued('one')
    const [row] = await runsById(database(), [run])
    if (row === undefined) throw new Error('the run is gone')
    // Nobody beats for the worker of this machine.
    await database().client`update worker set heartbeat_at = clock_timestamp() where token_id is null`
    const said = (await readRun(shop.hosted.ctx, row)).taskRuns[0]?.whyNotRunning?.sentence
    expect(said).toMatch(/^Nothing starts on .* now\. The disk of the worker’s runtime folder is full: /)
    expect(await attemptsBy(run)).toEqual([])

    const second = await pool.hire('--queue', 'narrow', '--drain', '0s')
    expect((await shop.ended('one', 1)).state).toBe('succeeded')
    const [, wide] = await workers()
    expect(await attemptsBy(run)).toEqual([[wide?.id, 'succeeded']])
    expect(await second.end('SIGTERM')).toBe(0)

    await trial.push('two', task)
    const other = await queued('two')
    await disk?.release()
    await firstIsFull(false)
    expect((await shop.ended('two', 1)).state).toBe('succeeded')
    expect(await attemptsBy(other)).toEqual([[narrow, 'succeeded']])
    expect(await first.end('SIGTERM')).toBe(0)
  },
)
