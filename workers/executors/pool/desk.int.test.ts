/** What the desk lets a worker do, spoken to as a worker speaks. */
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { liveChannel } from '#db/queries/live.ts'
import { runsById } from '#db/queries/run-view.ts'
import { readRun } from '#server/services/run/read-run.ts'
import { createWorkerToken } from '#server/services/worker/worker-tokens.ts'
import { openPool, tokenOfMain, type PoolCrew } from '../../testing/pool-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { attemptEnd, type AttemptJob } from '../executor.ts'
import { DeskClient } from './desk-client.ts'
import type { Handed } from './remote-worker.ts'
import { RemoteStore } from './remote-store.ts'

const { database } = testDatabase()
let shop: Workshop
let pool: PoolCrew
beforeAll(async () => {
  shop = await openWorkshop(database(), async (place) => (pool = await openPool(place, { slots: null })))
})
afterAll(() => shop.close())
const trial = new Trial({ executor: 'pool', database, shop: () => shop })

const never = new AbortController().signal

/** A worker that does what a test says. */
class Puppet {
  readonly id = randomUUID()
  readonly client: DeskClient
  constructor(token = pool.token) {
    this.client = new DeskClient({ url: pool.url, token, workerId: this.id })
  }
  register(queues: string[], host: string = this.id) {
    return this.client.call<{ orphans: { token: string }[] }>('register', {
      body: { id: this.id, host, pid: 1, queues, slots: 8 },
    })
  }
  poll(free: number, holding: string[] = [], waitMs = 25_000) {
    return this.client.call<Handed>('poll', { body: { free, holding, waitMs } })
  }
  async job(): Promise<AttemptJob> {
    const { jobs } = await this.poll(1)
    if (jobs[0] === undefined) throw new Error('no job came')
    return jobs[0]
  }
  about<T = { ok: boolean }>(token: string, what: string, body: unknown = {}) {
    return this.client.call<T>(`attempt/${what}`, { attempt: token, body })
  }
}

const refusal = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: unknown) => (error as { code: string }).code,
  )

let count = 0
/** A run of one task for a queue of its own, and a worker that has registered for it. */
async function queued(more = '', token?: string): Promise<{ worker: Puppet; dag: string }> {
  const dag = `q${++count}`
  const worker = new Puppet(token)
  await worker.register([dag])
  await trial.push(dag, [cell(`id: t\nqueue: ${dag}\n${more}`, 'bash', 'true')])
  return { worker, dag }
}

test('a token that the product made for one queue is for that alone, and others are for none of those', async () => {
  const image = '~default~0123456789abcdef'
  const [row] = await database().client<{ team: string }[]>`select id as team from team where name = 'main'`
  const given = { teamId: row?.team ?? '', createdBy: null, name: 'image', queue: image }
  const { secret } = await createWorkerToken(database(), given)
  expect(await refusal(new Puppet().register([image]))).toBe('forbidden')
  expect(await refusal(new Puppet(secret).register(['default']))).toBe('forbidden')
  expect(await refusal(new Puppet(secret).register([image, 'default']))).toBe('forbidden')
  expect(await refusal(new Puppet(secret).register([image]))).toBe('done')
})

test('only a token of workers opens the desk, and it opens nothing else', async () => {
  const personal = new Puppet(shop.hosted.token)
  expect(await refusal(personal.register(['default']))).toBe('unauthenticated')
  expect(await refusal(new Puppet(`dgw_${'a'.repeat(40)}`).register(['default']))).toBe('unauthenticated')
  expect(await refusal(new Puppet().poll(1))).toBe('not_found')
  const git = await fetch(
    shop.hosted.remote('x').replace(/tests:[^@]*@/, '') + '/info/refs?service=git-upload-pack',
    {
      headers: { authorization: `Basic ${btoa(`x:${pool.token}`)}` },
    },
  )
  expect(git.status).toBe(401)
})

test('[R1] the start gate opens for one process: again for the same one, for no other', async () => {
  const { worker, dag } = await queued('retries: 0')
  const { token } = await worker.job()
  const handle = { pid: 7, startTime: '1', bootId: 'b' }
  const other = { ...handle, pid: 8 }
  expect(await worker.about(token, 'submitted', { handle })).toEqual({ ok: true })
  expect(await worker.about(token, 'submitted', { handle })).toEqual({ ok: true })
  expect(await worker.about(token, 'submitted', { handle: other })).toEqual({ ok: false })
  expect(await worker.about(token, 'start', { handle })).toMatchObject({ ok: true })
  expect(await worker.about(token, 'start', { handle })).toMatchObject({ ok: true })
  expect(await worker.about(token, 'start', { handle: other })).toMatchObject({ ok: false })
  expect(await worker.about(token, 'end', attemptEnd('failed', 'user_error', null))).toEqual({ ok: true })
  expect(await refusal(worker.about(token, 'end', attemptEnd('succeeded', null, null)))).toBe('not_found')
  expect((await shop.ended(dag, 1)).state).toBe('failed')
})

test('[R1] each answer of the start gate that opens prolongs the lease: the worker counts it from its question', async () => {
  const { worker } = await queued()
  const { token } = await worker.job()
  const handle = { pid: 7, startTime: '1', bootId: 'b' }
  await worker.about(token, 'submitted', { handle })
  for (const answer of ['the first', 'the same again']) {
    await database()
      .client`update attempt set lease_until = clock_timestamp() + interval '20 s' where token = ${token}`
    expect(await worker.about(token, 'start', { handle }), answer).toMatchObject({ ok: true })
    const [row] = await database().client<{ longer: boolean }[]>`
      select lease_until > clock_timestamp() + interval '60 s' as longer from attempt where token = ${token}`
    expect(row, answer).toEqual({ longer: true })
  }
  // It counts on a longer lease, which a desk gave it before the operator chose a shorter one.
  expect(await worker.about(token, 'start', { handle, leaseSeconds: 9000 })).toEqual({
    ok: true,
    leaseSeconds: 9000,
  })
  const [row] = await database().client<{ kept: boolean }[]>`
    select lease_until > clock_timestamp() + interval '8900 s' as kept from attempt where token = ${token}`
  expect(row).toEqual({ kept: true })
  await worker.about(token, 'end', attemptEnd('failed', 'user_error', null))
})

test('a job whose answer was lost is answered again, until the worker has it', async () => {
  const { worker } = await queued()
  const first = await worker.job()
  const again = await worker.job()
  expect(again.token).toBe(first.token)
  expect((await worker.poll(1, [first.token], 0)).jobs).toEqual([])
})

test('a worker sees and touches only what it holds: not another worker’s attempts, not another run’s blobs', async () => {
  const { worker, dag } = await queued()
  const { token } = await worker.job()
  const thief = new Puppet()
  await thief.register([dag])
  const handle = { pid: 1 }
  for (const what of ['submitted', 'start'])
    expect(await refusal(thief.about(token, what, { handle }))).toBe('not_found')
  expect(await refusal(thief.about(token, 'end', attemptEnd('succeeded', null, null)))).toBe('not_found')
  expect(await refusal(thief.client.send('attempt/files', { method: 'GET', attempt: token }))).toBe(
    'not_found',
  )
  expect(await thief.client.call('heartbeat', { body: { tokens: [token] } })).toMatchObject({
    answers: { [token]: 'fenced' },
  })
  expect(await worker.client.call('heartbeat', { body: { tokens: [token] } })).toMatchObject({
    answers: { [token]: 'go_on' },
  })
  const { hash } = await shop.hosted.ctx.artifacts.put(Buffer.from('of another run'))
  expect(await refusal(worker.client.send(`attempt/blobs/${hash}`, { method: 'GET', attempt: token }))).toBe(
    'not_found',
  )
})

test('a token is for the tasks of its team', async () => {
  const [team] = await database().client<
    { id: string }[]
  >`insert into team (name) values ('others') returning id`
  const [user] = await database().client<{ id: string }[]>`select id from "user" limit 1`
  const { secret } = await createWorkerToken(database(), {
    teamId: team?.id ?? '',
    createdBy: user?.id ?? '',
    name: 'x',
  })
  const { worker: foreign, dag } = await queued('', secret)
  expect((await foreign.poll(1, [], 300)).jobs).toEqual([])
  const own = new Puppet()
  await own.register([dag])
  expect((await own.job()).dag).toBe(dag)
})

test('[R13] outputs come in parts, and are visible whole with the end, or not at all', async () => {
  const { worker, dag } = await queued('outputs: {big: big.bin}')
  const { token, attemptId } = await worker.job()
  const handle = { pid: 1 }
  await worker.about(token, 'submitted', { handle })
  await worker.about(token, 'start', { handle })
  const bytes = Buffer.alloc(20 * 2 ** 20, 'abc')
  const blob = await new RemoteStore(worker.client, token, never).put(bytes)
  expect(blob).toEqual(await shop.hosted.ctx.artifacts.stat(blob.hash))
  expect(blob.size).toBe(bytes.length)
  const left = () => database().client`select 1 from output where attempt_id = ${attemptId}`
  expect(await left()).toHaveLength(0)
  const output = { name: 'big', path: 'big.bin', mediaType: 'x/y', ...blob }
  const end = { ...attemptEnd('succeeded', null, null), exitCode: 0 }
  const ends = (more: object) => worker.about(token, 'end', { ...end, outputs: [{ ...output, ...more }] })
  expect(await refusal(ends({ size: 1 }))).toBe('bad_input')
  expect(await refusal(ends({ hash: 'a'.repeat(64) }))).toBe('not_found')
  expect(await left()).toHaveLength(0)
  expect(await ends({})).toEqual({ ok: true })
  expect(await left()).toHaveLength(1)
  expect((await shop.ended(dag, 1)).state).toBe('succeeded')
})

test('[R13] each part of an upload may come again, the last one too: its answer may have been lost', async () => {
  const { worker } = await queued()
  const { token } = await worker.job()
  const upload = randomUUID()
  const part = (text: string, offset: number, last = '') =>
    worker.client.call<{ blob: { size: number } | null }>(`attempt/blobs/${upload}?offset=${offset}${last}`, {
      method: 'PUT',
      attempt: token,
      body: Buffer.from(text),
    })
  for (let i = 0; i < 2; i++) expect((await part('first ', 0)).blob).toBeNull()
  for (let i = 0; i < 2; i++) expect((await part('last', 6, '&last=1')).blob?.size).toBe(10)
  const nobody = '-'.repeat(36)
  expect(await refusal(worker.about(nobody, 'submitted', { handle: {} }))).toBe('not_found')
})

test('[S8] bodies have bounds, and what they say is checked', async () => {
  const { worker } = await queued()
  const { token } = await worker.job()
  expect(await refusal(worker.client.call('heartbeat', { body: { tokens: ['x'] } }))).toBe('bad_input')
  expect(await refusal(worker.about(token, 'submitted', { handle: 1 }))).toBe('bad_input')
  expect(await refusal(worker.about(token, 'submitted', { handle: { a: 'x'.repeat(2 ** 21) } }))).toBe(
    'too_large',
  )
  expect(
    await refusal(worker.about(token, 'end', { ...attemptEnd('failed', null, null), reason: 'so' })),
  ).toBe('bad_input')
  const part = { method: 'PUT' as const, attempt: token, body: Buffer.alloc(9 * 2 ** 20) }
  expect(await refusal(worker.client.call(`attempt/blobs/${randomUUID()}?offset=0`, part))).toBe('too_large')
  const short = { ...part, body: Buffer.from('a') }
  expect(await refusal(worker.client.call(`attempt/blobs/${randomUUID()}?offset=9`, short))).toBe('conflict')
  expect(await refusal(worker.client.call('attempt/blobs/..%2fx?offset=0', short))).toBe('bad_input')
})

test('a revoked token is refused at once, also by a poll that was open', async () => {
  const { secret, id } = await tokenOfMain(database())
  const worker = new Puppet(secret)
  await worker.register(['late'])
  const open = refusal(worker.poll(1))
  // A poll that is open has written a heartbeat, of which nobody is told.
  const heard = () =>
    database().client`select 1 from worker where id = ${worker.id} and heartbeat_at > started_at`
  while ((await heard()).length === 0) await new Promise((done) => setTimeout(done, 20))
  await database().client`update worker_token set revoked_at = now() where id = ${id}`
  await trial.push('late', [cell('id: t\nqueue: late', 'bash', 'true')])
  expect(await open).toBe('unauthenticated')
  expect(await refusal(worker.poll(0))).toBe('unauthenticated')
})

test('what an earlier life of a worker held is its next life’s to end, and nobody else’s', async () => {
  const { dag } = await queued('infrastructure_retries: 0')
  const earlier = new Puppet()
  await earlier.register([dag], 'machine:/other')
  const { token } = await earlier.job()
  const stranger = new Puppet()
  expect((await stranger.register([dag], 'machine:/elsewhere')).orphans).toEqual([])
  const next = new Puppet()
  expect((await next.register([dag], 'machine:/other')).orphans).toMatchObject([{ token }])
  expect(await refusal(earlier.poll(1))).toBe('not_found')
  expect(await next.about(token, 'end', attemptEnd('lost', 'worker_lost', null))).toEqual({ ok: true })
})

test('pages of its team hear of a worker that comes, is drained and stops', async () => {
  const worker = new Puppet()
  for (const step of [
    () => worker.register(['heard']),
    () => worker.client.call('drain', { body: {} }),
    () => worker.client.call('stopped', { body: {} }),
  ]) {
    const { promise, resolve } = Promise.withResolvers<string>()
    const subscription = await database().client.listen(
      liveChannel,
      (topic) => topic.startsWith('worker:') && resolve(topic),
    )
    await step()
    expect(await promise).toBe(`worker:${await teamOfMain()}`)
    await subscription.unlisten()
  }
})

async function teamOfMain(): Promise<string> {
  const [row] = await database().client<{ id: string }[]>`select id from team where name = 'main'`
  return row?.id ?? ''
}

test('a task whose queue nobody serves says so, until somebody does', async () => {
  await trial.push('alone', [cell('id: t\nqueue: alone', 'bash', 'true')])
  const run = await shop.until(async () => {
    const [row] = await database().client<{ id: string }[]>`
      select r.id from run r join dag d on d.id = r.dag_id join task_run t on t.run_id = r.id
      where d.name = 'alone' and t.state = 'queued'`
    return row?.id ?? null
  })
  const waits = async () => {
    const [row] = await runsById(database(), [run])
    if (row === undefined) throw new Error('the run is gone')
    return (await readRun(shop.hosted.ctx, row)).taskRuns[0]?.whyNotRunning?.sentence
  }
  // Nobody beats for the worker of this machine, and the tests before may have taken longer than it counts without that.
  await database().client`update worker set heartbeat_at = clock_timestamp() where token_id is null`
  expect(await waits()).toBe(
    'No worker serves its queue alone: start one with `dagbok worker --queue alone`.',
  )
  await new Puppet().register(['alone'])
  expect(await waits()).toBe('A worker takes it in a moment.')
})
