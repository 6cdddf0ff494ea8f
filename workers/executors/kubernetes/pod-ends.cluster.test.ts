/** How attempts end that are pods, on a real cluster; and that nothing of them is left. */
import { afterAll, afterEach, beforeAll, expect, inject, test } from 'vitest'
import { requestCancel } from '#db/queries/run-state.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { evict, kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { kubernetesCrew, podBarrier, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, fence, Trial } from '../conformance/trial.ts'
import { expectKept, hasTalked, talks } from './testing/kept-log.ts'

const { database } = testDatabase()
let shop: Workshop
let crew: KubernetesCrew
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
beforeAll(async () => {
  shop = await openWorkshop(database(), async (place) => (crew = await kubernetesCrew(place)))
})
afterAll(() => shop.close())

// After each end its pod goes, and no finalizer holds it.
afterEach(() => crew.nothingLeft())

const ends = async (id: string) =>
  Object.fromEntries(
    (await trial.attempts(id)).map((row) => [row.task, [row.state, row.reason, row.exitCode, row.started]]),
  )

test('ends are told apart: exit code, timeout, missing output, missing program, memory, values that cannot be read', async () => {
  const { id } = await trial.run('ends', [
    cell('id: code', 'bash', 'echo "before"; exit 3'),
    cell('id: late\ntimeout: 2s', 'bash', 'exec sleep 600'),
    cell('id: left\noutputs: {x: x.txt}', 'bash', 'true'),
    cell('id: link\noutputs: {x: x.txt}', 'bash', 'ln -s /etc/passwd "$DAGBOK_OUT/x.txt"'),
    `${fence}yaml task\nid: none\ncommand: [no-such-program]\n${fence}\n`,
    cell(
      'id: big\nresources: {memory: 64Mi}',
      'javascript',
      'const all = []; setInterval(() => all.push(Buffer.alloc(2 ** 24, 1)), 5)',
    ),
    cell('id: bad', 'bash', 'echo nonsense >> "$DAGBOK_VALUES"'),
    cell('id: well\nmetrics: {n: {better: higher}}', 'bash', 'echo \'{"n": 2}\' >> "$DAGBOK_METRICS"'),
  ])
  expect(await ends(id)).toEqual({
    code: ['failed', 'user_error', 3, true],
    late: ['failed', 'timeout', null, true],
    left: ['failed', 'missing_output', 0, true],
    link: ['failed', 'missing_output', 0, true],
    none: ['failed', 'bad_config', null, true],
    big: ['failed', 'oom', null, true],
    bad: ['failed', 'user_error', 0, true],
    well: ['succeeded', null, 0, true],
  })
  expect(await shop.log(id, 'code')).toBe('before\n')
})

test('an image alone runs by itself: with no shell, no files of ours, and no capability', async () => {
  const { id, state } = await trial.run('alone', [
    `${fence}yaml task\nid: alone\nimage: ${inject('registry')}/busybox:1\nargs: [sh, -c, "id -u; touch /x 2>&1 || echo refused"]\n${fence}\n`,
  ])
  expect(state).toBe('succeeded')
  expect(await shop.log(id, 'alone')).toMatch(/^1000\n.*\nrefused\n$/)
})

test('what cannot be pulled, and what no node has room for, ends after its start_timeout, with the words of the cluster', async () => {
  const command = 'command: [x]\nstart_timeout: 40s\ninfrastructure_retries: 0\nretries: 3'
  const { id } = await trial.run('unstarted', [
    `${fence}yaml task\nid: pull\nimage: ${inject('registry')}/no-such-image:1\n${command}\n${fence}\n`,
    `${fence}yaml task\nid: room\nresources: {cpu: 500}\n${command}\n${fence}\n`,
  ])
  const rows = Object.fromEntries((await trial.attempts(id)).map((row) => [row.task, row]))
  expect(rows['pull']).toMatchObject({ reason: 'image_pull', userFailures: 0 })
  expect(rows['pull']?.message).toContain('no-such-image')
  expect(rows['room']).toMatchObject({ reason: 'unschedulable', started: false, userFailures: 0 })
  expect(rows['room']?.message).toContain('Insufficient cpu')
})

test('[R17] cancel ends the pod, and the run is cancelled when it is gone', async () => {
  await trial.push('cancel', [cell('id: hold', 'bash', 'echo started; exec sleep 600')])
  const { run } = await trial.spoken('cancel')
  await requestCancel(trial.db, run, null)
  await trial.db.client`select pg_notify('dagbok_work', '')`
  expect(await shop.ended('cancel', 1)).toMatchObject({ state: 'cancelled' })
  expect(await trial.attempts(run)).toMatchObject([{ state: 'cancelled', reason: 'cancel_requested' }])
  expect(await shop.log(run, 'hold')).toBe('started\n')
})

/** Ends at once when it is told to. */
const again = `[ "$DAGBOK_ATTEMPT" = 2 ] || { trap 'exit 143' TERM; ${talks}; }`

const byOthers = {
  deleted_by_hand: (name: string) =>
    kubectl(['delete', 'pod', name, '-n', crew.namespace, '--grace-period=1', '--wait=false']),
  evicted: (name: string) => evict(name, crew.namespace),
}
test.for(Object.entries(byOthers))(
  '[R8] a pod that somebody takes away is lost as %s, with what it has said, and the task begins again',
  async ([reason, strike]) => {
    await trial.push(reason, [cell('id: hold\nretries: 0', 'bash', again)])
    const run = await hasTalked(trial, reason)
    const [name = ''] = await crew.podsLeft()
    const struckAt = Date.now()
    await strike(name)
    expect(await shop.ended(reason, 1)).toMatchObject({ state: 'succeeded' })
    expect(await trial.attempts(run)).toMatchObject([
      { n: 1, state: 'lost', reason, started: true, userFailures: 0, infrastructureFailures: 1 },
      { n: 2, state: 'succeeded' },
    ])
    await expectKept(trial, run, struckAt)
  },
)

test('[R1] pods go on while nobody looks after them, and are found again: their code runs once, and no line of a log is lost', async () => {
  const { wait, open } = await podBarrier()
  await trial.push('orphan', [
    cell('id: hold\noutputs: {x: x}', 'bash', `echo one; ${wait}; echo two; echo x > "$DAGBOK_OUT/x"`),
  ])
  const { run } = await trial.spoken('orphan')
  await shop.crash()
  await open()
  expect(await shop.ended('orphan', 1)).toMatchObject({ state: 'succeeded' })
  expect(await trial.attempts(run)).toMatchObject([{ n: 1, state: 'succeeded' }])
  expect(await shop.log(run, 'hold')).toBe('one\ntwo\n')
})
