/** The agent of a pod against a real desk, without a cluster: the pod is a folder. */
import { once } from 'node:events'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { liveAttempt } from '#db/queries/pod.ts'
import { blobsInUse } from '#db/queries/retention.ts'
import { registerWorker } from '#db/queries/worker.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { clustersOf } from '#server/config/clusters.ts'
import { podLeaseMs } from '#server/config/lease.ts'
import { workerIdOf } from '../executors/kubernetes/cluster-host.ts'
import { endOf } from '../executors/kubernetes/pod-end.ts'
import { podHandleOf } from '../executors/kubernetes/pod-handle.ts'
import { planPod, type PodPlan } from '../executors/kubernetes/pod-plan.ts'
import { cell, Trial } from '../executors/conformance/trial.ts'
import type { AttemptJob, Executor } from '../executors/executor.ts'
import type { Crew, Place } from '../testing/crew.ts'
import { deskOf } from '../testing/desk-of.ts'
import { openWorkshop, type Workshop } from '../testing/workshop.ts'
import { openAgent, type Agent } from './agent.ts'
import { passGate } from './gate.ts'
import { collect } from './outputs.ts'

const { database } = testDatabase()
const [cluster] = clustersOf(
  JSON.stringify({
    instance: 'paper',
    clusters: { default: { address: 'http://dagbok.test', agent_image: 'a:1', image: 'i:1' } },
  }),
  'clusters.yaml',
)
let shop: Workshop
let address: string
let folder: string
const submitted: { job: AttemptJob; plan: Extract<PodPlan, { job: object }> }[] = []
let heard: () => void = () => {}

/** An executor that writes the intent, and leaves the pod to the test. */
async function paperCrew(place: Place): Promise<Crew> {
  const { db, hosted, scheduler, sink, runtime } = place
  if (cluster === undefined) throw new Error('there is no cluster in the settings')
  const workerId = workerIdOf('default')
  await registerWorker(db, { id: workerId, host: 'cluster default', pid: 1, queues: ['@default'], slots: 9 })
  const desk = deskOf(place)
  const server = await desk.listen(0)
  if (!server.listening) await once(server, 'listening')
  address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const executor: Executor = {
    name: 'kubernetes',
    post: { own: false, queues: ['@default'], teamId: null, workerId, leaseMs: podLeaseMs },
    capacity: 9,
    submit: async (job) => {
      const plan = planPod(job, cluster, 'main', new Map())
      if (plan.pod === null) throw new Error(plan.faults.join('\n'))
      const { hash } = await hosted.ctx.artifacts.put(Buffer.from(JSON.stringify(plan.job)))
      await sink.submitted(job.token, { ...plan.intent, job: hash, startBy: Date.now() + 60_000 })
      submitted.push({ job, plan })
      heard()
    },
    cancel: () => {},
    endOrphans: () => Promise.resolve(),
    stop: () => Promise.resolve(),
  }
  await scheduler.start(executor)
  return { runtime, crash: () => Promise.resolve(), stop: () => desk.close() }
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-agent-'))
  shop = await openWorkshop(database(), paperCrew)
})
afterAll(async () => {
  await shop.close()
  await rm(folder, { recursive: true, force: true })
})
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })

/** The next attempt that is submitted, and its pod as a folder. */
async function nextPod() {
  if (submitted.length === 0) await new Promise<void>((done) => (heard = done))
  const next = submitted.shift()
  if (next === undefined) throw new Error('nothing was submitted')
  const root = await mkdtemp(join(folder, 'pod-'))
  for (const name of ['checkout', 'in', 'out', 'report']) await mkdir(join(root, name))
  const [gate] = next.plan.pod.spec.initContainers ?? []
  const token = gate?.env?.find(({ name }) => name === 'DAGBOK_TOKEN')?.value ?? ''
  const { attemptId } = next.job
  const agent = (podUid: string, more: { token?: string } = {}): Agent =>
    openAgent({ address, attemptId, podUid, token, ...more }, root, new AbortController().signal)
  return { ...next, root, agent, token }
}

const handleOf = async (attemptId: string) => {
  const handle = podHandleOf((await liveAttempt(database(), attemptId))?.handle ?? null)
  if (handle === null) throw new Error('the attempt is over, or has no pod')
  return handle
}

const code = (work: Promise<unknown>) =>
  work.then(
    () => null,
    (error: { code?: string; message: string }) => error.code ?? error.message,
  )

test('[R1] the gate brings what the task needs and lets one pod pass; what that leaves is published with the end, and its token ends', async () => {
  await trial.push(
    'agent',
    [
      cell(
        'id: a\noutputs: {o: sub/o.txt}\nvalues: {v: {type: integer}}\ninputs: {own: ./own.txt}',
        'bash',
        'echo it',
      ),
    ],
    { 'd/own.txt': 'mine\n' },
  )
  const { job, root, agent } = await nextPod()
  expect(await code(passGate(agent('uid-1', { token: 'dagbok_pod_wrong' }), true))).toBe('unauthenticated')
  await passGate(agent('uid-1'), true)
  // Its answer may be lost: the same pod passes again, another one does not.
  await passGate(agent('uid-1'), true)
  expect(await code(passGate(agent('uid-2'), true))).toMatch(/^The start gate is shut/)
  expect(await readFile(join(root, 'checkout/d/own.txt'), 'utf8')).toBe('mine\n')
  expect(await readFile(join(root, 'checkout/d/.dagbok-a.sh'), 'utf8')).toBe('echo it\n')
  await writeFile(join(root, 'out/sub/o.txt'), 'left')
  await writeFile(join(root, 'report/values'), 'v=7\n')
  await collect(agent('uid-1'), Promise.resolve())
  const handle = await handleOf(job.attemptId)
  expect(handle.uid).toBe('uid-1')
  const done = { state: 'succeeded' as const, reason: null, message: null, container: 'main', exitCode: 0 }
  await shop.sink.ended(job.token, await endOf(done, handle, shop.hosted.ctx.artifacts))
  const { id, state } = await shop.ended('agent', 1)
  expect(state).toBe('succeeded')
  const [left] = await database().client<{ path: string; value: unknown }[]>`
    select o.path, v.value from output o join attempt a on a.id = o.attempt_id join value v on v.attempt_id = a.id
    where a.run_id = ${id}`
  expect(left).toEqual({ path: 'sub/o.txt', value: 7 })
  expect(await code(collect(agent('uid-1'), Promise.resolve()))).toBe('unauthenticated')
})

test('[R13] a task that ends with 0 and leaves less than it declared has failed', async () => {
  await trial.push('less', [cell('id: a\noutputs: {o: o.txt}', 'bash', 'true')])
  const { job, agent } = await nextPod()
  await passGate(agent('uid-1'), true)
  await collect(agent('uid-1'), Promise.resolve())
  // Both are needed for as long as the attempt lives, which may be days.
  const { job: given, results = '' } = await handleOf(job.attemptId)
  expect(await blobsInUse(database(), [given, results])).toEqual(new Set([given, results]))
  const done = { state: 'succeeded' as const, reason: null, message: null, container: 'main', exitCode: 0 }
  const end = await endOf(done, await handleOf(job.attemptId), shop.hosted.ctx.artifacts)
  expect(end).toMatchObject({ state: 'failed', reason: 'missing_output', outputs: [] })
  await shop.sink.ended(job.token, end)
  expect(await blobsInUse(database(), [given, results])).toEqual(new Set())
})

test('[R13] what nobody brought away has failed; [R17] an attempt that is being ended passes no gate', async () => {
  await trial.push('ending', [cell('id: a\noutputs: {o: o.txt}', 'bash', 'true')])
  const { job, agent } = await nextPod()
  const handle = await handleOf(job.attemptId)
  const done = { state: 'succeeded' as const, reason: null, message: null, container: 'main', exitCode: 0 }
  const end = await endOf(done, handle, shop.hosted.ctx.artifacts)
  expect(end).toMatchObject({ state: 'failed', reason: 'storage' })
  const ending = { why: 'cancel', end: { ...done, state: 'cancelled' } }
  await database().client`
    update attempt set handle = handle || ${JSON.stringify({ ending })}::jsonb where id = ${job.attemptId}`
  expect(await code(passGate(agent('uid-1'), true))).toBe('unauthenticated')
  await shop.sink.ended(job.token, end)
})
