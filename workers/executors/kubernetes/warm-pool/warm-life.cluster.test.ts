/** How workers in the image of their tasks come and go. */
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { runsById } from '#db/queries/run-view.ts'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { readRun } from '#server/services/run/read-run.ts'
import { podBarrier, warmCrew, type KubernetesCrew } from '../../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../../testing/workshop.ts'
import { inWorker } from '../../conformance/manner.ts'
import { cell, Trial } from '../../conformance/trial.ts'
import { clusterClient, deploymentsOf } from '../kubeconfig.ts'
import { WarmPools } from './warm-pools.ts'

const { database } = testDatabase()
const registry = inject('registry')
const busybox = `${registry}/busybox:1`
const python = `${registry}/python:1`
const trial = new Trial({ executor: 'pool', database, shop: () => shop, manner: inWorker })
let shop: Workshop
let crew: KubernetesCrew
beforeAll(async () => {
  const pool = { idle: 2, drain: 60, slots: 2, cpu: 0.2, memory: 256 * 2 ** 20 }
  shop = await openWorkshop(database(), async (place) => (crew = await warmCrew(place, pool)))
}, 120_000)
afterAll(() => shop.close())

interface Deployment {
  metadata: { name: string; annotations: Record<string, string> }
  spec: { replicas: number }
  status: { readyReplicas?: number }
}

async function deployments(): Promise<Deployment[]> {
  const text = await kubectl(['get', 'deployments', '-n', crew.namespace, '-o', 'json'])
  return (JSON.parse(text) as { items: Deployment[] }).items
}
const ofImage = async (image: string) =>
  (await deployments()).filter(({ metadata }) => metadata.annotations['dagbok.dev/image']?.startsWith(image))

async function workerPods(): Promise<string[]> {
  const which = ['-n', crew.namespace, '-l', 'app.kubernetes.io/managed-by=dagbok-pool']
  const names = await kubectl(['get', 'pods', ...which, '-o', 'jsonpath={.items[*].metadata.name}'])
  return names.split(' ').filter(Boolean)
}

const none = () => until('no worker is left', async () => ((await workerPods()).length === 0 ? true : null))

test('there are as many as there is work for, in its image, and none when there is no more', async () => {
  const { wait, open } = await podBarrier()
  await trial.push('wide', [
    cell(`id: each\nimage: ${busybox}\nmatrix: {n: [1, 2, 3, 4]}`, 'sh', `${wait}; ls /bin/busybox`),
  ])
  await until('two workers are at work', async () => {
    const [one] = await ofImage(busybox)
    return one?.status.readyReplicas === 2 ? true : null
  })
  await open()
  expect(await shop.ended('wide', 1)).toMatchObject({ state: 'succeeded' })
  await none()
  expect((await ofImage(busybox)).map(({ spec }) => spec.replicas)).toEqual([0])
})

test('[N10] later versions share the workers of what the tag was pulled as, and are told its digest', async () => {
  const said = async (dag: string) => {
    const { id } = await trial.run(dag, [
      cell(`id: a\nimage: ${python}`, 'python', 'import socket; print(socket.gethostname())'),
    ])
    return shop.log(id, 'a')
  }
  await said('first')
  const [second, third] = [await said('second'), await said('third')]
  expect(second.slice(0, 28)).toBe(third.slice(0, 28))
  const images = (await ofImage(python)).map(({ metadata }) => metadata.annotations['dagbok.dev/image'] ?? '')
  expect(images.toSorted()).toEqual([python, expect.stringMatching(/:1@sha256:[0-9a-f]{64}$/)])
  const rows = await database().client<{ n: number }[]>`
    select count(distinct version_id)::int as n from version_image where image = ${python}`
  expect(rows[0]?.n).toBe(3)
})

test('[R12] two versions run in two images at the same time, each in its own', async () => {
  const { wait, open } = await podBarrier()
  const which = (image: string) => [
    cell(`id: a\nimage: ${image}`, 'sh', `${wait}; command -v python3 || echo none`),
  ]
  await trial.push('left', which(busybox))
  await trial.push('right', which(python))
  await open()
  const [left, right] = [await shop.ended('left', 1), await shop.ended('right', 1)]
  expect([await shop.log(left.id, 'a'), await shop.log(right.id, 'a')]).toEqual([
    'none\n',
    '/usr/bin/python3\n',
  ])
})

test('[R1] a pod that is taken away loses what it had at once, and another worker takes it', async () => {
  await trial.push('taken', [
    cell(
      `id: a\nimage: ${busybox}`,
      'sh',
      'echo "attempt $DAGBOK_ATTEMPT"; if [ "$DAGBOK_ATTEMPT" = 1 ]; then sleep 600; fi',
    ),
  ])
  const { run } = await trial.spoken('taken')
  const [pod = ''] = await workerPods()
  await kubectl(['delete', 'pod', pod, '-n', crew.namespace, '--force', '--grace-period=0'])
  expect(await shop.ended('taken', 1)).toMatchObject({ state: 'succeeded' })
  const [first] = await trial.attempts(run)
  expect(first).toMatchObject({ state: 'lost', userFailures: 0 })
})

test('workers whose token was revoked are replaced', async () => {
  await trial.run('before', [cell(`id: a\nimage: ${busybox}`, 'sh', 'true')])
  const tokens = async () =>
    (await ofImage(busybox)).map(({ metadata }) => metadata.annotations['dagbok.dev/token-id'])
  const before = await tokens()
  await database().client`update worker_token set revoked_at = now()`
  await until('the Deployments are gone', async () => ((await ofImage(busybox)).length === 0 ? true : null))
  expect(await trial.run('after', [cell(`id: a\nimage: ${busybox}`, 'sh', 'true')])).toMatchObject({
    state: 'succeeded',
  })
  expect((await tokens()).some((id) => before.includes(id))).toBe(false)
})

test('where there are to be fewer, those stay that have something to do', async () => {
  await none()
  const { wait, open } = await podBarrier()
  // Four at once in two workers: when the two of one have ended, two go on in the other.
  await trial.push('uneven', [
    cell(`id: short\nimage: ${busybox}\nmatrix: {n: [1, 2]}`, 'sh', `${wait}; echo over`),
    cell(`id: long\nimage: ${busybox}\nmatrix: {n: [1, 2]}`, 'sh', `${wait}; sleep 12; echo over`),
  ])
  await until('two workers are at work', async () => ((await workerPods()).length === 2 ? true : null))
  await open()
  const { id, state } = await shop.ended('uneven', 1)
  expect(state).toBe('succeeded')
  expect((await trial.attempts(id)).map((one) => `${one.state} ${one.n}`)).toEqual(
    Array.from({ length: 4 }, () => 'succeeded 1'),
  )
})

async function whyOf(dag: string): Promise<string> {
  const [row] = await database().client<{ id: string }[]>`
    select r.id from run r join dag d on d.id = r.dag_id where d.name = ${dag}`
  const [run] = await runsById(database(), [row?.id ?? ''])
  if (run === undefined) throw new Error('the run is there')
  const { taskRuns } = await readRun(shop.hosted.ctx, run)
  return taskRuns.map(({ whyNotRunning }) => whyNotRunning?.sentence ?? '').join('\n')
}

test.each([
  ['that is not there', `${registry}/nowhere:1`, /has no worker of .*\/nowhere:1 yet\. .*nowhere/],
  ['that has no shell', `${registry}/pause:1`, /has no worker of .*\/pause:1.* yet\. /],
])('an image %s is said on the page of what waits for it', async (_, image, says) => {
  const dag = `why-${image.includes('pause') ? 'pause' : 'nowhere'}`
  await trial.push(dag, [cell(`id: a\nimage: ${image}\nqueue_timeout: 1h`, 'sh', 'true')])
  let said = ''
  const isSaid = async () => says.test((said = await whyOf(dag))) || null
  await until('the page says why', isSaid, 240_000).catch(() => {})
  expect(said).toMatch(says)
})

test('[R2] a pool that is taken out of the settings goes, with its tokens, and what ran ends', async () => {
  await trial.push('last', [cell(`id: a\nimage: ${busybox}`, 'sh', 'echo begun; sleep 8; echo over')])
  await trial.spoken('last')
  await crew.deaf()
  const { ctx } = shop.hosted
  const cluster = { ...crew.cluster, warmPool: null }
  const pools = new WarmPools({
    cluster,
    client: clusterClient(cluster),
    deployments: deploymentsOf(cluster),
    db: database(),
    sink: shop.sink,
    workerGone: () => {},
    log: ctx.log,
  })
  await until('nothing of it is left', async () => ((await pools.look()) ? true : null))
  const { id, state } = await shop.ended('last', 1)
  expect([state, await shop.log(id, 'a')]).toEqual(['succeeded', 'begun\nover\n'])
  expect(await deployments()).toEqual([])
  const good = await database()
    .client`select 1 from worker_token where queue is not null and revoked_at is null`
  expect(good).toHaveLength(0)
})
