/** What goes by policy, and what stays because somebody needs it. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { blobsInUse, deleteOldRuns } from '#db/queries/retention.ts'
import type { PlannedItem } from '#server/domain/run/reuse.ts'
import { createRun } from '#server/services/run/create-run.ts'
import { specOf } from '#db/queries/version.ts'
import type { OwnedStore } from '#server/storage/artifact-store.ts'
import { FolderStore } from '#server/storage/stores/folder.ts'
import { S3Store } from '#server/storage/stores/s3/s3-store.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { scheduling, type Dag } from '../testing/scheduling.ts'
import { succeeds } from '../testing/scripted-executor.ts'
import { collectBlobs } from './blob-collector.ts'

const { database, work, dag, over } = scheduling()
const noS3 = await whyNoS3()
let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-maintenance-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

const left = async (made: Dag): Promise<number[]> => {
  const rows = await database().client<{ number: number }[]>`
    select number from run where dag_id = ${made.dagId} order by number`
  return rows.map(({ number }) => number)
}
const purge = () => database().transaction((tx) => deleteOldRuns(tx, 30, 100))

async function runs(made: Dag, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let i = 0; i < count; i++) ids.push(await made.run())
  for (const id of ids) await over(id)
  return ids
}

/** As if they had ended 40 days ago, and the DAG had run often since. */
async function age(made: Dag): Promise<void> {
  await database()
    .client`update run set ended_at = ended_at - interval '40 days' where dag_id = ${made.dagId} and ended_at is not null`
  await database().client`update dag set next_run_number = 1000 where id = ${made.dagId}`
}

async function share(ids: readonly string[]): Promise<string> {
  const [row] = await database().client<{ id: string }[]>`
    with c as (
      insert into comparison (team_id, state) select id, ${JSON.stringify({ runs: ids })}::text::jsonb from team limit 1 returning id)
    insert into share_link (comparison_id, secret_hash, expires_at)
    select id, ${crypto.randomUUID()}, now() + interval '1 day' from c returning id`
  return row?.id ?? ''
}

/** A run that was given the results of `taskRun`. */
async function taking(made: Dag, taskRun: string): Promise<string> {
  const spec = await specOf(database(), made.versionId)
  if (spec === null) throw new Error('the version has a spec')
  const plan = [
    {
      task: 'a',
      key: null,
      index: 0,
      item: null,
      reuse: { resultsOf: taskRun, as: 'succeeded', marked: false },
    },
  ] as unknown as PlannedItem[]
  const { id } = await database().transaction((tx) =>
    createRun(tx, {
      dagId: made.dagId,
      versionId: made.versionId,
      spec,
      plan,
      trigger: 'api',
      triggeredBy: null,
      params: {},
      verb: 'recover',
    }),
  )
  await over(id)
  return id
}

const taskRunOf = async (run: string): Promise<string> => {
  const [row] = await database().client<{ id: string }[]>`select id from task_run where run_id = ${run}`
  return row?.id ?? ''
}

test('old runs go; what a share link, a later run or a version needs stays, as long as it does', async () => {
  await work(() => succeeds())
  const made = await dag('  - {id: a, command: [x]}')
  const [first = '', second = '', third = '', fourth = ''] = await runs(made, 4)
  const link = await share([first, second])
  const results = await taskRunOf(fourth)
  await taking(made, await taskRunOf(third))
  await runs(made, 1)
  expect(await purge(), 'none is old').toBe(0)
  await age(made)
  await made.run().then(over)
  // 4 and 5 were needed by nobody; 3 gave its results to 5, 6 is not the newest any more.
  expect(await left(made)).toEqual([1, 2, 3, 4, 5, 6, 1000])
  expect(await purge()).toBe(3)
  expect(await left(made)).toEqual([1, 2, 3, 1000])
  expect(await purge()).toBe(1)
  await expect(taking(made, results)).rejects.toMatchObject({ code: 'conflict' })
  await database().client`update share_link set revoked_at = now() where id = ${link}`
  expect(await purge()).toBe(2)
  expect(await left(made)).toEqual([1000])
})

test('the newest runs of a DAG stay, and a run that has not ended', async () => {
  let finish = () => {}
  const held = new Promise<void>((done) => (finish = done))
  await work(() => held.then(() => succeeds()))
  const made = await dag('  - {id: a, command: [x]}')
  const id = await made.run()
  await age(made)
  expect(await purge()).toBe(0)
  finish()
  await over(id)
  await database().client`update run set ended_at = ended_at - interval '40 days' where id = ${id}`
  await database().client`update dag set next_run_number = 20 where id = ${made.dagId}`
  expect(await purge()).toBe(0)
  expect(await left(made)).toEqual([1])
})

test('a run is not deleted while one is made that takes its results', async () => {
  await work(() => succeeds())
  const made = await dag('  - {id: a, command: [x]}')
  const [first = ''] = await runs(made, 2)
  await age(made)
  const spec = await specOf(database(), made.versionId)
  if (spec === null) throw new Error('the version has a spec')
  const resultsOf = await taskRunOf(first)
  await database().transaction(async (tx) => {
    const plan = [
      { task: 'a', key: null, index: 0, item: null, reuse: { resultsOf, as: 'succeeded', marked: false } },
    ]
    await createRun(tx, {
      dagId: made.dagId,
      versionId: made.versionId,
      spec,
      plan: plan as unknown as PlannedItem[],
      trigger: 'api',
      triggeredBy: null,
      params: {},
    })
    expect(await purge()).toBe(0)
  })
  expect(await purge()).toBe(0)
})

/** Of this test alone: what others leave in theirs has rows. */
async function openStoreIn(place: string): Promise<OwnedStore> {
  if (place === 'a folder') return new FolderStore(join(folder, 'own'))
  const server = await S3Server.open()
  onTestFinished(() => server.close())
  const patience = { callMs: 20_000, tryMs: 10_000, slowest: 1000 }
  return new S3Store({ address: server.address('own'), keys: server.keys, patience }, 'a')
}

test.for(['a folder', 'a bucket'])(
  'in %s, blobs without a row are set aside, then removed; one that came into use meanwhile is restored',
  async (place, { skip }) => {
    skip(place === 'a bucket' && noS3 !== null, noS3 ?? '')
    const store = await openStoreIn(place)

    await work(() => succeeds({ outputs: [{ name: 'o', path: 'o', mediaType: 'text/plain', ...used }] }))
    const used = await store.put(Buffer.from(`used in ${place}`))
    const [late, never] = [
      await store.put(Buffer.from(`late in ${place}`)),
      await store.put(Buffer.from(`never in ${place}`)),
    ]
    const made = await dag('  - {id: a, command: [x], outputs: {o: o}}')
    await made.run().then(over)
    expect(await blobsInUse(database(), [used.hash, late.hash])).toEqual(new Set([used.hash]))
    const none = { setAside: 0, removed: 0, restored: 0, unfinished: 0 }
    expect(await collectBlobs(database(), store)).toEqual(none)
    expect(await collectBlobs(database(), store, -1000)).toEqual({ ...none, setAside: 2 })
    expect((await store.stat(never.hash)).size).toBe(never.size)
    await database().client`update output set hash = ${late.hash} where hash = ${used.hash}`
    // Another worker's round comes a moment later: who put one of them may be about to point to it.
    expect(await collectBlobs(database(), store)).toEqual(none)
    // The output's old content is nobody's now.
    expect(await collectBlobs(database(), store, -1000)).toEqual({
      ...none,
      setAside: 1,
      removed: 1,
      restored: 1,
    })
    expect((await buffer(await store.read(late.hash))).toString()).toBe(`late in ${place}`)
    await expect(store.stat(never.hash)).rejects.toMatchObject({ code: 'not_found' })
  },
)
