/** The shell of the executor against a real database and a real desk, where only pods and their logs are of paper. */
import { pino, type Logger } from 'pino'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { logEnd } from '#db/queries/log.ts'
import { addToHandle, liveAttempt } from '#db/queries/pod.ts'
import { registerWorker } from '#db/queries/worker.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { readRun, requireRun } from '#server/services/run/read-run.ts'
import { clustersOf, type ClusterSettings } from '#server/config/clusters.ts'
import { cell, Trial } from '../conformance/trial.ts'
import type { AttemptSink } from '../executor.ts'
import type { Crew, Place } from '../../testing/crew.ts'
import { seenOf } from '#server/services/pod/last-seen.ts'
import { asOwner } from '../../testing/as-owner.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { workerIdOf } from './cluster-host.ts'
import { KubernetesExecutor } from './kubernetes-executor.ts'
import { podHandleOf } from './pod-handle.ts'
import { PodKeeper, type KeeperOptions } from './pod-keeper.ts'
import { PodLogs } from './pod-logs.ts'
import { PaperCluster } from './testing/paper-cluster.ts'

const { database } = testDatabase()
const settingsOf = (name: string): ClusterSettings => {
  const one = { address: 'http://dagbok.test', agent_image: 'a:1', image: 'i:1', namespace: 'paper', pods: 3 }
  const [cluster] = clustersOf(JSON.stringify({ instance: 'paper', clusters: { [name]: one } }), 'clusters')
  if (cluster === undefined) throw new Error('there is no cluster in the settings')
  return cluster
}
let paper: PaperCluster
let place: Place
let shop: Workshop
let executor: KubernetesExecutor
/** Waited for before an attempt is written as submitted. */
let beforeSubmitted: (token: string) => Promise<void> = () => Promise.resolve()

/** @param sink what it writes to */
async function employ(
  name: string,
  sink: AttemptSink,
  log: Logger = place.hosted.ctx.log,
): Promise<KubernetesExecutor> {
  const workerId = workerIdOf(name)
  await registerWorker(place.db, {
    id: workerId,
    host: `cluster ${name}`,
    pid: 1,
    queues: [`@${name}`],
    slots: 3,
  })
  const made = new KubernetesExecutor({
    cluster: settingsOf(name),
    client: paper.client(),
    workerId,
    db: place.db,
    artifacts: place.hosted.ctx.artifacts,
    sink,
    released: (token) => place.scheduler.released(token),
    log,
    beatMs: 100,
  })
  await made.start()
  return made
}

async function paperCrew(given: Place): Promise<Crew> {
  place = given
  const { sink, scheduler, runtime } = given
  const slow: AttemptSink = {
    submitted: async (token, handle) => {
      await beforeSubmitted(token)
      return sink.submitted(token, handle)
    },
    passGate: (token, handle) => sink.passGate(token, handle),
    appendLog: (token, chunk) => sink.appendLog(token, chunk),
    ended: (token, end) => sink.ended(token, end),
    heartbeat: (tokens) => sink.heartbeat(tokens),
  }
  executor = await employ('default', slow)
  await scheduler.start(executor)
  return { runtime, crash: () => Promise.resolve(), stop: () => executor.stop() }
}

beforeAll(async () => {
  paper = await new PaperCluster().open()
  shop = await openWorkshop(database(), paperCrew)
})
afterAll(async () => {
  await shop.close()
  await paper.close()
})
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })

const push = (dag: string) => trial.push(dag, [cell('id: a', 'bash', 'true')])
/** The pod of the DAG's only attempt, once it is there. */
const podOf = (dag: string) =>
  paper.until(() => [...paper.pods.values()].find(({ metadata }) => JSON.stringify(metadata).includes(dag)))
const idOf = ({ metadata }: Awaited<ReturnType<typeof podOf>>) =>
  (metadata['annotations'] as Record<string, string>)['dagbok.dev/attempt-id'] ?? ''
const now = () => new Date().toISOString()
const running = () => ({ running: { startedAt: now() } })
const done = () => ({ terminated: { exitCode: 0, reason: 'Completed', startedAt: now(), finishedAt: now() } })

type PodThere = Awaited<ReturnType<typeof podOf>>

/** Its agent passes the gate. */
async function pass(pod: PodThere): Promise<void> {
  const attempt = await liveAttempt(database(), idOf(pod))
  const { uid } = pod.metadata
  expect(await shop.sink.passGate(attempt?.token ?? '', { ...attempt?.handle, uid })).toBe(true)
}

/** Then its code runs, and leaves nothing. */
async function begin(pod: PodThere): Promise<void> {
  const attempt = await liveAttempt(database(), idOf(pod))
  const left = { outputs: [], metrics: [], values: [], problem: null, missing: [] }
  const { hash } = await place.hosted.ctx.artifacts.put(Buffer.from(JSON.stringify(left)))
  await addToHandle(database(), attempt?.token ?? '', { results: hash })
  paper.setMain(pod.metadata.name, running(), 'Running')
}

async function run(pod: PodThere): Promise<void> {
  await pass(pod)
  await begin(pod)
}

/** A keeper of a cluster, that nobody asks but the test. */
const keeperOf = (
  cluster: string,
  more: Partial<Pick<KeeperOptions, 'viewed' | 'timing'>> = {},
): PodKeeper => {
  const { db, hosted } = place
  const needs = {
    client: paper.client(),
    db,
    artifacts: hosted.ctx.artifacts,
    sink: shop.sink,
    log: hosted.ctx.log,
  }
  return new PodKeeper({
    ...needs,
    cluster,
    assumeDeadMs: null,
    logs: new PodLogs(needs),
    viewed: () => null,
    over: () => {},
    ...more,
  })
}

test('[R2] an attempt that is looked at while it is being submitted is not forgotten', async () => {
  let kept: string[] = []
  let attemptId = ''
  beforeSubmitted = async (token) => {
    const [row] = await database().client<{ id: string }[]>`select id from attempt where token = ${token}`
    attemptId = row?.id ?? ''
    const keeper = keeperOf('default')
    keeper.memory.remember(attemptId, token, { namespace: 'paper', name: 'none' }, null)
    await keeper.look(attemptId)
    kept = keeper.memory.ids()
  }
  await push('early')
  const pod = await podOf('early')
  beforeSubmitted = () => Promise.resolve()
  expect(kept).toEqual([attemptId])
  await run(pod)
  paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await shop.ended('early', 1)).state).toBe('succeeded')
  await paper.until(() => (paper.pods.size === 0 ? true : null))
})

test('[R8] of two clusters of the settings that are one, each leaves the pods of the other alone', async () => {
  await push('theirs')
  const pod = await podOf('theirs')
  await run(pod)
  const id = idOf(pod)
  const other = keeperOf('other')
  other.memory.found(id, pod.metadata)
  await other.look(id)
  expect(other.memory.ids()).toEqual([])
  expect(paper.pods.get(pod.metadata.name)?.metadata['deletionTimestamp']).toBeUndefined()
  paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await shop.ended('theirs', 1)).state).toBe('succeeded')
  await paper.until(() => (paper.pods.size === 0 ? true : null))
})

/** A line as a kubelet sends it. */
const line = (text: string): string => `${now()} ${text}\n`
const isLog = (url = '') => /\/log\?/.test(url)

test('[R8] a log that could not be read for a while is read to its end', async () => {
  const refused = Promise.withResolvers<void>()
  paper.instead = ({ url }, response) => {
    if (!isLog(url)) return false
    response.writeHead(401, { 'content-type': 'application/json' }).end('{}')
    refused.resolve()
    return true
  }
  await push('refused')
  const pod = await podOf('refused')
  const { name } = pod.metadata
  paper.logs.set(name, line('first') + line('last'))
  await run(pod)
  await refused.promise
  paper.instead = () => false
  paper.setMain(name, done(), 'Succeeded')
  const { id } = await shop.ended('refused', 1)
  expect(await shop.log(id, 'a')).toBe('first\nlast\n')
  await paper.until(() => (paper.pods.size === 0 ? true : null))
})

test('[R8] what of a log is not stored is read again, and nobody is kept waiting for it', async () => {
  await push('unstored')
  const pod = await podOf('unstored')
  const { name } = pod.metadata
  const attempt = await liveAttempt(database(), idOf(pod))
  const handle = podHandleOf(attempt?.handle ?? null)
  if (attempt === null || handle === null) throw new Error('it is over')
  // Its pod has not been seen to run: the executor does not read it, too.
  let isAway = true
  const logs = new PodLogs({
    client: paper.client(),
    db: database(),
    artifacts: place.hosted.ctx.artifacts,
    sink: {
      appendLog: (token, chunk) =>
        isAway ? Promise.reject(new Error('away')) : shop.sink.appendLog(token, chunk),
    },
    log: place.hosted.ctx.log,
    patienceMs: 0,
  })
  paper.logs.set(name, line('all'))
  await expect(logs.complete(attempt, pod.metadata, handle)).rejects.toThrow('could not be stored')
  isAway = false
  const held = Promise.withResolvers<() => void>()
  paper.instead = ({ url }, response) => {
    if (isLog(url)) held.resolve(() => response.end(paper.logs.get(name)))
    return isLog(url)
  }
  expect(await logs.complete(attempt, pod.metadata, handle)).toBe(false)
  paper.instead = () => false
  ;(await held.promise)()
  expect(await logs.complete(attempt, pod.metadata, handle)).toBe(true)
  await logs.close()
  expect(await logEnd(database(), attempt.id)).toMatchObject({ seq: 1, bytes: 4, lines: 1 })
  await run(pod)
  paper.setMain(name, done(), 'Succeeded')
  await shop.ended('unstored', 1)
  await paper.until(() => (paper.pods.size === 0 ? true : null))
})

const leaseOf = async (id: string) => {
  const [row] = await database().client<{ seconds: number }[]>`
    select extract(epoch from lease_until - clock_timestamp())::float8 as seconds from attempt where id = ${id}`
  return row?.seconds ?? 0
}

test('[R2] what is claimed and not submitted is not waited for for a day; what is submitted is', async () => {
  const underway = Promise.withResolvers<number>()
  beforeSubmitted = async (token) => {
    const [row] = await database().client<{ id: string }[]>`select id from attempt where token = ${token}`
    underway.resolve(await leaseOf(row?.id ?? ''))
  }
  await push('leased')
  const pod = await podOf('leased')
  beforeSubmitted = () => Promise.resolve()
  expect(await underway.promise).toBeLessThan(61)
  expect(await leaseOf(idOf(pod))).toBeGreaterThan(80_000)
  await run(pod)
  paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await shop.ended('leased', 1)).state).toBe('succeeded')
  await paper.until(() => (paper.pods.size === 0 ? true : null))
})

test('[R4] what an earlier life left takes places; a start that fails leaves nothing that watches', async () => {
  await push('left')
  const pod = await podOf('left')
  await run(pod)
  await paper.until(() => (paper.watches === 1 ? true : null))
  const next = await employ('default', shop.sink)
  expect(next.capacity).toBe(2)
  await next.stop()
  await database().client.run('alter table team rename to team_that_is_away')
  await expect(employ('default', shop.sink)).rejects.toThrow('Failed query')
  await database().client.run('alter table team_that_is_away rename to team')
  await paper.until(() => (paper.watches === 1 ? true : null))
  expect(executor.capacity).toBe(3)
  paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await shop.ended('left', 1)).state).toBe('succeeded')
  await paper.until(() => (paper.pods.size === 0 ? true : null))
})

test('[R18] an attempt whose results cannot be read has failed, and is not looked at for ever', async () => {
  await push('unreadable')
  const pod = await podOf('unreadable')
  const attempt = await liveAttempt(database(), idOf(pod))
  const { hash } = await place.hosted.ctx.artifacts.put(Buffer.from('{"of": "another shape"}'))
  await addToHandle(database(), attempt?.token ?? '', { results: hash })
  await run(pod)
  paper.setMain(pod.metadata.name, done(), 'Succeeded')
  const [row] = await shop.until(async () => {
    const rows = await database().client<{ state: string; reason: string }[]>`
      select state, reason from attempt where id = ${idOf(pod)} and state = 'failed'`
    return rows.length === 0 ? null : rows
  })
  expect(row?.reason).toBe('storage')
})

test('a pod is kept with its attempt as it was last seen, with what the cluster told of it, and without its token', async () => {
  await push('kept')
  const pod = await podOf('kept')
  const id = idOf(pod)
  const message = 'Back-off restarting failed container'
  paper.events = [
    { involvedObject: { uid: pod.metadata.uid }, reason: 'BackOff', message, lastTimestamp: now() },
  ]
  await run(pod)
  const failed = { exitCode: 3, reason: 'Error', startedAt: now(), finishedAt: now() }
  paper.setMain(pod.metadata.name, { terminated: failed }, 'Failed')
  expect((await shop.ended('kept', 1)).state).toBe('failed')
  paper.events = []
  const [row] = await database().client<{ handle: Record<string, string> }[]>`
    select handle from attempt where id = ${id}`
  const seen = seenOf(row?.handle ?? null)
  expect(JSON.stringify(pod)).toContain('dagbok_pod_')
  expect(JSON.stringify(seen)).not.toContain('dagbok_pod_')
  expect(seen).toMatchObject({
    pod: {
      metadata: { uid: pod.metadata.uid },
      status: { phase: 'Failed', containerStatuses: [{ name: 'main', state: { terminated: failed } }] },
    },
    events: [{ reason: 'BackOff', message }],
  })
})

test('a pod that was let go is let go of once, whatever old news of it is told; one that is still there after a while once more', async () => {
  await push('let_go')
  const pod = await podOf('let_go')
  await run(pod)
  paper.setMain(pod.metadata.name, done(), 'Succeeded')
  expect((await shop.ended('let_go', 1)).state).toBe('succeeded')
  const { name } = pod.metadata
  await paper.until(() => (paper.pods.has(name) ? null : true))

  let told = { ...pod, metadata: { ...pod.metadata, deletionTimestamp: now() } }
  let elapsedMs = 0
  const keeper = keeperOf('default', { viewed: () => told, timing: { elapsed: () => elapsedMs } })
  keeper.memory.found(idOf(pod), { namespace: 'paper', name })
  const asked: string[] = []
  paper.instead = ({ method = '', url = '' }) => {
    if (url.includes(name)) asked.push(method)
    return false
  }
  expect(await keeper.look(idOf(pod))).toEqual({ againMs: 10_000 })
  expect(asked).toEqual(['PATCH'])
  elapsedMs = 4000
  expect(await keeper.look(idOf(pod))).toEqual({ againMs: 6000 })
  expect(asked).toEqual(['PATCH'])
  elapsedMs = 10_000
  expect(await keeper.look(idOf(pod))).toEqual({ againMs: 10_000 })
  expect(asked).toEqual(['PATCH', 'PATCH'])
  // Another pod under its name is none that was let go.
  told = { ...told, metadata: { ...told.metadata, uid: 'another' } }
  await keeper.look(idOf(pod))
  paper.instead = () => false
  expect(asked).toEqual(['PATCH', 'PATCH', 'PATCH'])
})

test('what holds a pod back is said while it waits, also when its start gate is passed, and no more when it runs', async () => {
  await push('held')
  const pod = await podOf('held')
  const { name } = pod.metadata
  const actor = { ...(await asOwner(database()))[1] }
  const said = async () => {
    const [row] = await database().client<{ id: string }[]>`
      select r.id from run r join dag d on d.id = r.dag_id where d.name = 'held'`
    const { ctx } = place.hosted
    const view = await readRun(ctx, await requireRun(ctx, actor, row?.id ?? '', 'run:read'))
    return view.taskRuns[0]?.whyNotRunning?.sentence ?? null
  }
  const untilSaid = (words: RegExp) =>
    shop.until(async () => (words.test((await said()) ?? '') ? true : null))
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }
  const full = [{ ...condition, message: '0/2 nodes are available: 2 Insufficient cpu.' }]
  paper.put({ ...pod, status: { phase: 'Pending', conditions: full } })
  await untilSaid(/^Attempt 1: .*2 Insufficient cpu\./)
  await pass(pod)
  const message = 'Back-off pulling image "x:1": ErrImagePull: x:1: not found'
  paper.setMain(name, { waiting: { reason: 'ImagePullBackOff', message } }, 'Pending')
  await untilSaid(/^Attempt 1: The registry has no such image/)
  await begin(pod)
  await shop.until(async () => ((await said()) === null ? true : null))
  paper.setMain(name, done(), 'Succeeded')
  expect((await shop.ended('held', 1)).state).toBe('succeeded')
})

test('of a pod that somebody has taken away, what was seen before is kept', async () => {
  await push('taken')
  const pod = await podOf('taken')
  const id = idOf(pod)
  await run(pod)
  await paper.until(() => (paper.pods.get(pod.metadata.name)?.['status'] === undefined ? null : true))
  // Nobody is told of it.
  await until('it was seen to run', async () => {
    const [row] = await database().client<{ at: string | null }[]>`
      select handle->>'runningSeenAt' as at from attempt where id = ${id}`
    return row?.at ?? null
  })
  paper.remove(pod.metadata.name)
  const row = await shop.until(async () => {
    const [found] = await database().client<{ handle: Record<string, string> }[]>`
      select handle from attempt where id = ${id} and ended_at is not null`
    return found ?? null
  })
  expect(seenOf(row.handle)).toMatchObject({ pod: { status: { phase: 'Running' } } })
  await database().client`update run set cancel_requested_at = now() where state = 'running'`
})

test('[R17] a cancel ends a pod, and is heard once', async () => {
  const keeper = keeperOf('default')
  keeper.memory.remember('an attempt', 'a token', { namespace: 'paper', name: 'none' }, null)
  expect([
    keeper.memory.cancel('a token'),
    keeper.memory.cancel('a token'),
    keeper.memory.cancel('none'),
  ]).toEqual(['an attempt', null, null])
  expect(keeper.memory.tokens(() => true)).toEqual(['a token'])
  expect(keeper.memory.tokens(() => false)).toEqual([])
  // What fails each time is not prolonged for ever.
  keeper.memory.failed('an attempt')
  expect(keeper.memory.tokens(() => true)).toEqual([])
  await push('stopped')
  const pod = await podOf('stopped')
  await database().client`update run set cancel_requested_at = now() where state = 'running'`
  const deleted = await paper.until(() => {
    const now = paper.pods.get(pod.metadata.name)
    return now === undefined || now.metadata['deletionTimestamp'] !== undefined ? true : null
  })
  expect(deleted).toBe(true)
})

test('[R8] of two that write one log, the second is told; what a pod says is kept whatever it says', async () => {
  await push('twice')
  const pod = await podOf('twice')
  const attempt = await liveAttempt(database(), idOf(pod))
  const chunk = (digit: string) => {
    const place = { seq: 0, byteOffset: 0, firstLine: 0, lines: 0, bytes: 1 }
    return shop.sink.appendLog(attempt?.token ?? '', { ...place, hash: digit.repeat(64) })
  }
  expect([await chunk('a'), await chunk('a'), await chunk('b')]).toEqual([true, true, false])
  const end = { state: 'failed', reason: null, message: 'a\0b', container: null, exitCode: null }
  expect(await addToHandle(database(), attempt?.token ?? '', { ending: { why: 'refused', end } })).toBe(true)
  const { handle = null } = (await liveAttempt(database(), idOf(pod))) ?? {}
  expect(podHandleOf(handle)?.ending?.end.message).toBe('a\ufffdb')
  executor.changed(idOf(pod))
  expect((await shop.ended('twice', 1)).state).toBe('failed')
})

test('[R7] a cluster that does not answer does not hold up the stop of the product', async () => {
  await push('hanging')
  const pod = await podOf('hanging')
  const next = await employ('default', shop.sink)
  const asked = Promise.withResolvers<void>()
  paper.instead = ({ method, url = '' }) => {
    if (method !== 'GET' || !url.includes(pod.metadata.name)) return false
    asked.resolve()
    return true
  }
  // Cancelled, it asks for the pod itself.
  await database().client`update run set cancel_requested_at = now() where state = 'running'`
  await asked.promise
  const began = performance.now()
  await next.stop()
  expect(performance.now() - began).toBeLessThan(10_000)
  paper.instead = () => false
})

test('[R7] that a namespace cannot be watched is told, with the reason', async () => {
  const told = Promise.withResolvers<string>()
  const write = (text: string) => {
    if (text.includes('cannot be watched')) told.resolve(text)
  }
  paper.instead = ({ url = '' }, response) => {
    if (!url.includes('/pods?')) return false
    response.writeHead(403, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ kind: 'Status', code: 403, reason: 'Forbidden', message: 'no right to list' }),
    )
    return true
  }
  const next = await employ('default', shop.sink, pino({}, { write }))
  expect(await told.promise).toContain('no right to list')
  paper.instead = () => false
  await next.stop()
})
