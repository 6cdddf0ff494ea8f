/** What fails of a real cluster while attempts are under way, and that nothing of them is left. */
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { pidOf, restartDaemon, stopDaemon } from '#k8s/test-cluster/daemons.ts'
import { nodeName } from '#k8s/test-cluster/settings.ts'
import { apply, kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { kubernetesCrew, podBarrier, podStarts, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { expectKept, hasTalked, talks } from './testing/kept-log.ts'

const { database } = testDatabase()
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
beforeAll(async () => {
  shop = await openWorkshop(
    database(),
    async (place) => (crew = await kubernetesCrew(place, { assume_dead: 3 })),
  )
})
afterAll(() => shop.close())

/** Every attempt whose code began began once; and they are these, by task and number. */
async function startedOnce(run: string, counts: ReadonlyMap<string, number>, attempts: string[]) {
  const rows = await trial.db.client<{ id: string; name: string }[]>`
    select a.id, t.task || ' ' || a.n as name from attempt a join task_run t on t.id = a.task_run_id where a.run_id = ${run}`
  const names = new Map(rows.map(({ id, name }) => [id, name]))
  const told = [...counts].map(([id, count]) => `${names.get(id) ?? id}: ${count}`)
  expect(told.toSorted()).toEqual(attempts.map((name) => `${name}: 1`))
}

// Whatever failed: its pods go, and no finalizer holds them.
afterEach(() => crew.nothingLeft())

const answers = () =>
  until('the API server answers', () =>
    kubectl(['get', '--raw', '/readyz']).then(
      () => true,
      () => null,
    ),
  )

/** Ends a daemon; it is there again when the test is over, whatever came of it. */
async function without(name: string): Promise<() => Promise<void>> {
  await stopDaemon(name)
  const back = async () => {
    if ((await pidOf(name)) === null) await restartDaemon(name)
  }
  onTestFinished(back)
  return back
}

test('[R1] [R5] an API server that is away holds up what starts and ends, and loses nothing', async () => {
  const { wait, open } = await podBarrier()
  const { say, counts } = await podStarts()
  await trial.push('away', [
    cell('id: hold', 'bash', `${say}; echo one; ${wait}; echo two`),
    cell('id: after\nneeds: [hold]', 'bash', `${say}; echo three`),
  ])
  const { run } = await trial.spoken('away')
  const back = await without('kube-apiserver')
  // It ends while nobody can be asked about it.
  await open()
  await trial.push('late', [cell('id: late', 'bash', 'echo late')])
  await until('a pod is to be made that nobody can be asked for', async () => {
    const rows = await trial.db.client`
      select a.id from attempt a join run r on r.id = a.run_id join dag d on d.id = r.dag_id
      where d.name = 'late' and a.state = 'submitted'`
    return rows.length === 1 ? true : null
  })
  expect(await trial.attempts(run)).toMatchObject([{ task: 'hold', state: 'running' }])
  await back()
  await answers()
  expect(await shop.ended('away', 1)).toMatchObject({ state: 'succeeded' })
  expect(await trial.attempts(run)).toMatchObject([
    { task: 'after', n: 1, state: 'succeeded' },
    { task: 'hold', n: 1, state: 'succeeded' },
  ])
  expect(await shop.log(run, 'hold')).toBe('one\ntwo\n')
  expect(await shop.log(run, 'after')).toBe('three\n')
  await startedOnce(run, counts, ['after 1', 'hold 1'])
  expect(await shop.ended('late', 1)).toMatchObject({ state: 'succeeded' })
})

test('[R1] [R2] [R8] a node that falls silent is taken for dead, and only then the task begins again; what it has said is kept', async () => {
  const { say, counts } = await podStarts()
  const again = `${say}; [ "$DAGBOK_ATTEMPT" = 2 ] || { ${talks}; }`
  const pinned = `id: hold\nretries: 0\nnode_selector: {kubernetes.io/hostname: ${nodeName(2)}}`
  await trial.push('silent', [cell(pinned, 'bash', again)])
  const run = await hasTalked(trial, 'silent')
  const struckAt = Date.now()
  const back = await without('kubelet2')
  const first = await until(
    'the first attempt is over',
    async () => (await trial.attempts(run)).find(({ state }) => state === 'lost') ?? null,
    180_000,
  )
  expect(first).toMatchObject({ n: 1, reason: 'node_lost', started: true, userFailures: 0 })
  await back()
  expect(await shop.ended('silent', 1)).toMatchObject({ state: 'succeeded' })
  expect(await trial.attempts(run)).toMatchObject([
    { n: 1, state: 'lost' },
    { n: 2, state: 'succeeded' },
  ])
  await startedOnce(run, counts, ['hold 1', 'hold 2'])
  await expectKept(trial, run, struckAt)
})

test('a namespace whose quota is full holds a pod back, and it starts when there is room', async () => {
  const quota = { kind: 'ResourceQuota', metadata: { name: 'few', namespace: crew.namespace } }
  await apply({ apiVersion: 'v1', ...quota, spec: { hard: { pods: '1' } } })
  const remove = async () => {
    await kubectl(['delete', 'resourcequota', 'few', '-n', crew.namespace, '--ignore-not-found'])
  }
  onTestFinished(remove)
  await until('the quota is counted', async () => {
    const hard = ['get', 'resourcequota', 'few', '-n', crew.namespace, '-o', 'jsonpath={.status.hard.pods}']
    return (await kubectl(hard)) === '1' ? true : null
  })
  const { wait, open } = await podBarrier()
  const { say, counts } = await podStarts()
  await trial.push('quota', [
    cell('id: a', 'bash', `${say}; echo a; ${wait}`),
    cell('id: b', 'bash', `${say}; echo b; ${wait}`),
  ])
  const { run } = await trial.spoken('quota')
  await until('both are to be pods', async () => {
    const states = (await trial.attempts(run)).map(({ state }) => state)
    return states.length === 2 && states.includes('submitted') && states.includes('running') ? true : null
  })
  expect(await crew.podsLeft()).toHaveLength(1)
  await open()
  expect(await shop.ended('quota', 1)).toMatchObject({ state: 'succeeded' })
  expect(await trial.attempts(run)).toMatchObject([
    { task: 'a', n: 1, state: 'succeeded' },
    { task: 'b', n: 1, state: 'succeeded' },
  ])
  expect([await shop.log(run, 'a'), await shop.log(run, 'b')]).toEqual(['a\n', 'b\n'])
  await startedOnce(run, counts, ['a 1', 'b 1'])
})

test('[R6] what only events tell is said while a pod waits for it: a volume that is not there yet', async () => {
  const volume = 'volumes: [{name: x, configMap: {name: later}}]\nvolume_mounts: [{name: x, mountPath: /x}]'
  await trial.push('unmounted', [cell(`id: a\n${volume}`, 'bash', 'cat /x/key')])
  const said = await until('the task says what it waits for', async () => {
    const [row] = await trial.db.client<{ held: string | null }[]>`
      select a.handle->>'held' as held from attempt a join run r on r.id = a.run_id
      join dag d on d.id = r.dag_id where d.name = 'unmounted'`
    return /configmap "later" not found/.exec(row?.held ?? '')
  })
  expect(said.input).toMatch(/^Its pod cannot be made ready: /)
  const metadata = { name: 'later', namespace: crew.namespace }
  await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { key: 'there\n' } })
  const { id, state } = await shop.ended('unmounted', 1)
  expect([state, await shop.log(id, 'a')]).toEqual(['succeeded', 'there\n'])
})
