/** Whoever looks after pods is killed at each step of a start and of an end, on a real cluster, and the next one goes on. */
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { requestCancel } from '#db/queries/run-state.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { until } from '#k8s/test-cluster/until.ts'
import { kubernetesCrew, podBarrier, podStarts, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, Trial } from '../conformance/trial.ts'
import { MortalLives, type Step } from './testing/mortal-life.ts'

const { database } = testDatabase()
const lives = new MortalLives()
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
beforeAll(async () => {
  const life = lives.begin.bind(lives)
  shop = await openWorkshop(database(), async (place) => (crew = await kubernetesCrew(place, {}, { life })))
})
afterAll(() => shop.close())
afterEach(() => crew.nothingLeft())

/** The attempts of a run as they ended, and how often the code of each began. */
async function endsOf(run: string, counts: ReadonlyMap<string, number>) {
  const rows = await database().client<{ id: string; state: string; reason: string | null }[]>`
    select id, state, reason from attempt where run_id = ${run} order by n`
  return rows.map(({ id, state, reason }) => [reason ?? state, counts.get(id) ?? 0])
}

const once = [['succeeded', 1]]

const steps: [name: string, step: Step, ends: unknown][] = [
  // Its token was known to that life alone: no pod of it can be made any more.
  [
    'when the intent is written',
    { when: 'before', deed: 'createPod' },
    [
      ['worker_lost', 0],
      ['succeeded', 1],
    ],
  ],
  ['when the pod is created', { when: 'after', deed: 'createPod' }, once],
  ['when the log is stored', { when: 'before', deed: 'ended' }, once],
  ['when the end is published', { when: 'after', deed: 'ended' }, once],
  ['when the pod is to be deleted', { when: 'before', deed: 'deletePod' }, once],
  ['when the pod is deleted', { when: 'after', deed: 'deletePod' }, once],
  ['when the finalizer is to be removed', { when: 'before', deed: 'removeFinalizer' }, once],
  ['when the finalizer is removed', { when: 'after', deed: 'removeFinalizer' }, once],
]

test.for(steps.map((one, n) => [...one, n] as const))(
  '[R1] [R5] killed %s, nothing is lost, begun twice or left',
  async ([, step, ends, n]) => {
    const { say, counts } = await podStarts()
    const died = lives.endAt(step)
    const dag = `killed${n}`
    await trial.push(dag, [cell('id: a\nretries: 0', 'bash', `${say}; echo "one"; echo "two"`)])
    await died
    await crew.crash()
    const { id, state } = await shop.ended(dag, 1)
    expect(state).toBe('succeeded')
    expect(await endsOf(id, counts)).toEqual(ends)
    expect(await shop.log(id, 'a')).toBe('one\ntwo\n')
  },
)

/** Of what is written on the way to the code. */
const written = ['uid', 'runningSeenAt'] as const

test.for(written)('[R1] killed when %s is written, nothing is lost, begun twice or left', async (key) => {
  const { wait, open } = await podBarrier()
  const { say, counts } = await podStarts()
  const dag = `written-${key.toLowerCase()}`
  await trial.push(dag, [cell('id: a\nretries: 0', 'bash', `${say}; echo one; ${wait}; echo two`)])
  await until(`${key} is written`, async () => {
    const rows = await database().client`
      select a.id from attempt a join run r on r.id = a.run_id join dag d on d.id = r.dag_id
      where d.name = ${dag} and jsonb_exists(a.handle, ${key})`
    return rows.length === 1 ? true : null
  })
  await crew.crash()
  await open()
  const { id } = await shop.ended(dag, 1)
  expect(await endsOf(id, counts)).toEqual(once)
  expect(await shop.log(id, 'a')).toBe('one\ntwo\n')
})

const cancels: [name: string, step: Step][] = [
  ['when the token is revoked', { when: 'before', deed: 'deletePod' }],
  ['when the pod is asked to go', { when: 'after', deed: 'deletePod' }],
  ['when the end is to be published', { when: 'before', deed: 'ended' }],
  ['when the end is published', { when: 'after', deed: 'ended' }],
  ['when the finalizer is removed', { when: 'after', deed: 'removeFinalizer' }],
]

test.for(cancels.map((one, n) => [...one, n] as const))(
  '[R17] killed in a cancel %s, it ends as cancelled all the same, and nothing is left',
  async ([, step, n]) => {
    const { say, counts } = await podStarts()
    const dag = `cancelled${n}`
    await trial.push(dag, [
      cell('id: a', 'bash', `${say}; trap 'exit 143' TERM; echo started; sleep 600 & wait`),
    ])
    const { run } = await trial.spoken(dag)
    const died = lives.endAt(step)
    await requestCancel(trial.db, run, null)
    await trial.db.client`select pg_notify('dagbok_work', '')`
    await died
    await crew.crash()
    expect(await shop.ended(dag, 1)).toMatchObject({ state: 'cancelled' })
    expect(await endsOf(run, counts)).toEqual([['cancel_requested', 1]])
    expect(await shop.log(run, 'a')).toBe('started\n')
  },
)
