/** What a real control plane does to attempts under way: away for a minute, its history gone, in need of room. */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { etcdUrl } from '#k8s/test-cluster/control-plane.ts'
import { pidOf, restartDaemon, stopDaemon } from '#k8s/test-cluster/daemons.ts'
import { nodeName } from '#k8s/test-cluster/settings.ts'
import { inside } from '#k8s/test-cluster/space.ts'
import { apply, kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { kubernetesCrew, podStarts, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { ClusterClient } from './cluster-client.ts'
import { callsOf } from './kubeconfig.ts'
import { expectKept, hasTalked, talks } from './testing/kept-log.ts'
import { begins, underWay, whole } from './testing/two-tasks.ts'

const { database } = testDatabase()
const name = `dagbok-${randomBytes(4).toString('hex')}`
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })

beforeAll(async () => {
  shop = await openWorkshop(database(), async (place) => (crew = await kubernetesCrew(place)))
})
afterAll(() => shop.close())
afterEach(() => crew.nothingLeft())

const answers = () =>
  until('the API server answers', () =>
    kubectl(['get', '--raw', '/readyz']).then(
      () => true,
      () => null,
    ),
  )

/** The API server is killed; there again when this is over, whatever came of it. */
async function whileAway(work: () => Promise<unknown>): Promise<void> {
  const back = async () => {
    if ((await pidOf('kube-apiserver')) === null) await restartDaemon('kube-apiserver')
  }
  onTestFinished(back)
  await stopDaemon('kube-apiserver')
  await work()
  await back()
  await answers()
}

test('[R1] [R5] [R8] an API server that is away for a minute costs nothing but the minute', async () => {
  const { open, end } = await underWay(trial, 'minute')
  await whileAway(async () => {
    await open()
    await pause(60_000)
  })
  expect(await end()).toEqual(whole)
})

/** Asks etcd, which is reached from inside the cluster only. */
async function askEtcd<T>(path: string, body: object): Promise<T> {
  const script = `const r = await fetch(${JSON.stringify(etcdUrl + path)}, { method: 'POST', body: ${JSON.stringify(JSON.stringify(body))} }); console.log(await r.text())`
  return JSON.parse(await inside([process.execPath, '--input-type=module', '-e', script])) as T
}

test('[R5] a watch whose past is compacted away (410) is begun again from a list', async () => {
  const { open, end } = await underWay(trial, 'compacted')
  const client = new ClusterClient(callsOf({ kubeconfig: inject('kubeconfig'), context: null }))
  const selection = { namespace: crew.namespace, selector: '' }
  const { resourceVersion } = await client.listPods(selection, {})
  for (const n of [1, 2, 3]) await kubectl(['create', 'configmap', `newer-${n}`, '-n', crew.namespace])
  await whileAway(async () => {
    const { header } = await askEtcd<{ header: { revision: string } }>('/v3/kv/range', { key: 'AA==' })
    await askEtcd('/v3/kv/compaction', { revision: header.revision, physical: true })
    await open()
  })
  const watch = client.watchPods(selection, { resourceVersion, seconds: 10, silentMs: 10_000 })
  await expect(watch.next()).rejects.toMatchObject({ code: 'gone' })
  expect(await end()).toEqual(whole)
})

const pinned = `node_selector: {kubernetes.io/hostname: ${nodeName(2)}}`
const firstLost = (run: string) =>
  until(
    'the first attempt is over',
    async () => (await trial.attempts(run)).find(({ state }) => state === 'lost') ?? null,
    180_000,
  )

test('[R8] a pod that makes room for one of higher priority is lost as such, with what it has said, and its task begins again', async () => {
  const { say, counts } = await podStarts()
  const again = `${say}; trap "exit 1" TERM; [ "$DAGBOK_ATTEMPT" = 2 ] || { ${talks}; }`
  await trial.push('room', [cell(`id: hold\nretries: 0\nresources: {cpu: 1}\n${pinned}`, 'bash', again)])
  const run = await hasTalked(trial, 'room')
  const metadata = { name: `${name}-high` }
  await apply({ apiVersion: 'scheduling.k8s.io/v1', kind: 'PriorityClass', metadata, value: 1_000_000 })
  const remove = async () => {
    await kubectl(['delete', 'pod', metadata.name, '--grace-period=0', '--force', '--ignore-not-found'])
    await kubectl(['delete', 'priorityclass', metadata.name, '--ignore-not-found'])
  }
  onTestFinished(remove)
  const resources = { requests: { cpu: '1500m' } }
  const main = {
    name: 'main',
    image: `${inject('registry')}/busybox:1`,
    command: ['sleep', '600'],
    resources,
  }
  const spec = {
    priorityClassName: metadata.name,
    nodeSelector: { 'kubernetes.io/hostname': nodeName(2) },
    containers: [main],
  }
  const struckAt = Date.now()
  await apply({ apiVersion: 'v1', kind: 'Pod', metadata, spec })
  expect(await firstLost(run)).toMatchObject({ n: 1, reason: 'preempted', started: true, userFailures: 0 })
  await remove()
  expect(await shop.ended('room', 1)).toMatchObject({ state: 'succeeded' })
  expect(await begins(trial, run, counts)).toEqual({ 'hold 1': 1, 'hold 2': 1 })
  await expectKept(trial, run, struckAt)
})

/** The second node is one of the cluster again: a kubelet makes its node's object when it begins. */
async function nodeBack(): Promise<void> {
  const node = nodeName(2)
  if ((await kubectl(['get', 'node', node, '--ignore-not-found', '-o', 'name'])) !== '') return
  await stopDaemon('kubelet2')
  await restartDaemon('kubelet2')
  const isReady = ['wait', '--for=condition=Ready', '--timeout=2s', `node/${node}`]
  await until(`${node} is ready again`, () =>
    kubectl(isReady).then(
      () => true,
      () => null,
    ),
  )
}

test('[R1] [R8] a node that is taken out of its cluster is gone with its pods: they are lost as such, and their tasks begin again', async () => {
  const { say, counts } = await podStarts()
  const again = `${say}; [ "$DAGBOK_ATTEMPT" = 2 ] || { ${talks}; }`
  await trial.push('gone', [cell(`id: hold\nretries: 0\n${pinned}`, 'bash', again)])
  const run = await hasTalked(trial, 'gone')
  onTestFinished(nodeBack)
  const struckAt = Date.now()
  await kubectl(['delete', 'node', nodeName(2)])
  const first = await firstLost(run)
  expect(first).toMatchObject({ n: 1, reason: 'node_lost', started: true, userFailures: 0 })
  expect(first.message).toContain('Its node is gone, and its pod was collected.')
  await nodeBack()
  expect(await shop.ended('gone', 1)).toMatchObject({ state: 'succeeded' })
  expect(await begins(trial, run, counts)).toEqual({ 'hold 1': 1, 'hold 2': 1 })
  await expectKept(trial, run, struckAt)
})
