/** What fails of the agent in a pod, on a real cluster: the gate before a task's code, and the sidecar beside it. */
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, afterEach, beforeAll, expect, inject, onTestFinished, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { kubectl } from '#k8s/test-cluster/testing/kubectl.ts'
import { until } from '#k8s/test-cluster/until.ts'
import type { Json } from '#server/domain/json.ts'
import { seenOf } from '#server/services/pod/last-seen.ts'
import { kubernetesCrew, podBarrier, podStarts, type KubernetesCrew } from '../../testing/kubernetes-crew.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'
import { cell, fence, Trial } from '../conformance/trial.ts'
import { attemptHeader } from '../pool/protocol.ts'
import { killAgent } from './testing/agent-processes.ts'

const { database } = testDatabase()
let shop: Workshop
let crew: KubernetesCrew
/** Answers an agent in the place of the product; it gives whether it did. */
let instead: (what: string, response: ServerResponse, attempt: string) => boolean | Promise<boolean>
const asks = (request: IncomingMessage, response: ServerResponse) =>
  instead(
    (request.url ?? '').replace('/api/worker/attempt/', ''),
    response,
    String(request.headers[attemptHeader]),
  )
const trial = new Trial({ executor: 'kubernetes', database, shop: () => shop })
beforeAll(async () => {
  shop = await openWorkshop(
    database(),
    async (place) => (crew = await kubernetesCrew(place, {}, { instead: asks })),
  )
})
afterAll(() => shop.close())
afterEach(() => crew.nothingLeft())

/** Until the test is over. */
function answering(by: typeof instead): void {
  instead = by
  onTestFinished(() => void (instead = () => false))
}
instead = () => false

/** A refusal that asking again would not change. */
function refuse(response: ServerResponse): true {
  response.writeHead(400, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ code: 'bad_input', message: 'It is refused in a test.' }))
  return true
}

/** By attempt, what was kept of the logs of its containers beside `main`. */
async function keptLogs(run: string) {
  const rows = await database().client<{ n: number; handle: Record<string, Json> }[]>`
    select n, handle from attempt where run_id = ${run} order by n`
  return rows.map(({ handle }) =>
    Object.fromEntries((seenOf(handle)?.logs ?? []).map(({ container, text }) => [container, text])),
  )
}

/** How often the code of each attempt of a run has begun, in their order. */
async function begins(run: string, counts: ReadonlyMap<string, number>) {
  const rows = await database().client<{ id: string }[]>`
    select id from attempt where run_id = ${run} order by n`
  return rows.map(({ id }) => counts.get(id) ?? 0)
}

const lost = { state: 'lost', reason: 'infrastructure_unknown', started: false, userFailures: 0 }

test('a gate that ends with an error is the infrastructure’s failure: its words and its log are kept, and the task begins again', async () => {
  const { say, counts } = await podStarts()
  let first = ''
  answering((what, response, attempt) => {
    if (what !== 'job') return false
    first ||= attempt
    return attempt === first && refuse(response)
  })
  const { id, state } = await trial.run('refused', [cell('id: a\nretries: 0', 'bash', `${say}; echo well`)])
  expect(state).toBe('succeeded')
  const [one, two] = await trial.attempts(id)
  expect(one).toMatchObject({
    ...lost,
    message: expect.stringContaining('It is refused in a test.') as string,
  })
  expect(two).toMatchObject({ n: 2, state: 'succeeded', infrastructureFailures: 1 })
  expect(await keptLogs(id)).toEqual([{ gate: 'It is refused in a test.\n' }, {}])
  expect(await begins(id, counts)).toEqual([0, 1])
  expect(await shop.log(id, 'a')).toBe('well\n')
})

test('[R1] a gate that is killed has let no code start, and the task begins again', async () => {
  const { say, counts } = await podStarts()
  const { promise: held, resolve } = Promise.withResolvers<string>()
  let first = ''
  answering((what, _response, attempt) => {
    if (what !== 'start') return false
    first ||= attempt
    resolve(first)
    // The first has no answer until it is killed.
    return attempt === first
  })
  await trial.push('killed', [cell('id: a\nretries: 0', 'bash', `${say}; echo well`)])
  await killAgent(await held, 'gate')
  const { id, state } = await shop.ended('killed', 1)
  expect(state).toBe('succeeded')
  expect(await trial.attempts(id)).toMatchObject([
    { ...lost, exitCode: null, infrastructureFailures: 1 },
    { n: 2, state: 'succeeded' },
  ])
  expect(await begins(id, counts)).toEqual([0, 1])
})

const made = (script: string) =>
  cell('id: a\nretries: 0\noutputs: {x: x.txt}', 'bash', `${script}; echo made > "$DAGBOK_OUT/x.txt"`)

/** Resolves when the sidecar of the only pod was started again so often. */
async function restarts(n: number) {
  const [name = ''] = await crew.podsLeft()
  const path = 'jsonpath={.status.initContainerStatuses[?(@.name=="outputs")].restartCount}'
  await until(`its sidecar was started again ${n} times`, async () => {
    const count = await kubectl(['get', 'pod', name, '-n', crew.namespace, '-o', path])
    return Number(count) >= n ? true : null
  })
}

/** Outputs that a run has, by the attempt that made them. */
const outputsOf = (run: string) => database().client<{ n: number; name: string }[]>`
  select a.n, o.name from output o join attempt a on a.id = o.attempt_id where a.run_id = ${run} order by a.n`

test('a sidecar that is killed, or ends with an error, while main runs is there again, and brings the outputs', async () => {
  const { wait, open } = await podBarrier()
  const { say, counts } = await podStarts()
  let refusals = 0
  answering((what, response) => what === 'over' && refusals++ === 0 && refuse(response))
  await trial.push('sidecar', [made(`${say}; echo one; ${wait}; echo two`)])
  const { run, attempt } = await trial.spoken('sidecar')
  // It has ended with an error; then it is killed.
  await restarts(1)
  await killAgent(attempt, 'outputs')
  await restarts(2)
  await open()
  expect(await shop.ended('sidecar', 1)).toMatchObject({ state: 'succeeded' })
  expect(await trial.attempts(run)).toMatchObject([{ n: 1, state: 'succeeded', exitCode: 0 }])
  expect(await outputsOf(run)).toEqual([{ n: 1, name: 'x' }])
  expect(await shop.log(run, 'a')).toBe('one\ntwo\n')
  expect(await begins(run, counts)).toEqual([1])
})

const uncollected = { n: 1, state: 'failed', reason: 'storage', exitCode: 0, userFailures: 0, started: true }

test('a sidecar that ends with an error after main, before all is brought away, costs an attempt, and none of the retries', async () => {
  const { say, counts } = await podStarts()
  let first = ''
  answering((what, response, attempt) => {
    if (what !== 'results') return false
    first ||= attempt
    return attempt === first && refuse(response)
  })
  const { id, state } = await trial.run('uncollected', [made(`${say}; echo well`)])
  expect(state).toBe('succeeded')
  const [one, two] = await trial.attempts(id)
  expect(one).toMatchObject({
    ...uncollected,
    message: expect.stringContaining('It is refused in a test.') as string,
  })
  expect(two).toMatchObject({ n: 2, state: 'succeeded', infrastructureFailures: 1 })
  expect(await outputsOf(id)).toEqual([{ n: 2, name: 'x' }])
  expect(await keptLogs(id)).toEqual([{ outputs: 'It is refused in a test.\n' }, {}])
  expect(await begins(id, counts)).toEqual([1, 1])
})

test('a sidecar that is killed after main, before all is brought away, costs an attempt, and none of the retries', async () => {
  const { say, counts } = await podStarts()
  const { promise: held, resolve } = Promise.withResolvers<string>()
  let first = ''
  answering((what, _response, attempt) => {
    if (what !== 'results') return false
    first ||= attempt
    resolve(first)
    return attempt === first
  })
  await trial.push('cut', [made(`${say}; echo well`)])
  await killAgent(await held, 'outputs')
  const { id, state } = await shop.ended('cut', 1)
  expect(state).toBe('succeeded')
  expect(await trial.attempts(id)).toMatchObject([uncollected, { n: 2, state: 'succeeded' }])
  expect(await outputsOf(id)).toEqual([{ n: 2, name: 'x' }])
  expect(await begins(id, counts)).toEqual([1, 1])
})

test('a sidecar that fails time and again, whatever main does, costs an attempt, and none of the retries', async () => {
  const { wait, open } = await podBarrier()
  const { say, counts } = await podStarts()
  let first = ''
  answering((what, response, attempt) => {
    if (what === 'start') first ||= attempt
    // Its gate is passed: whatever asks now is the sidecar.
    return attempt === first && what !== 'start' && refuse(response)
  })
  await trial.push('again', [made(`${say}; echo one; ${wait}; echo two`)])
  await trial.spoken('again')
  await restarts(2)
  await open()
  const { id, state } = await shop.ended('again', 1)
  expect(state).toBe('succeeded')
  expect(await trial.attempts(id)).toMatchObject([uncollected, { n: 2, state: 'succeeded' }])
  expect((await keptLogs(id))[0]).toEqual({ outputs: 'It is refused in a test.\n' })
  expect(await outputsOf(id)).toEqual([{ n: 2, name: 'x' }])
  expect(await begins(id, counts)).toEqual([1, 1])
})

/** A crew of its own, whose cluster is set up wrongly; a task of it whose only attempt does not start. */
async function wrongly(more: Record<string, string>, others: ReturnType<typeof testDatabase>) {
  let own: KubernetesCrew | undefined
  const other = await openWorkshop(
    others.database(),
    async (place) => (own = await kubernetesCrew(place, more)),
  )
  onTestFinished(() => other.close())
  const there = new Trial({ executor: 'kubernetes', database: others.database, shop: () => other })
  const bounds = 'start_timeout: 20s\nretries: 3\ninfrastructure_retries: 0'
  const { id } = await there.run('wrong', [
    `${fence}yaml task\nid: a\n${bounds}\ncommand: ['true']\n${fence}\n`,
  ])
  const rows = await there.attempts(id)
  expect(rows).toHaveLength(1)
  await own?.nothingLeft()
  const [row] = await others.database().client<{ handle: Record<string, Json> }[]>`
    select handle from attempt where run_id = ${id}`
  return { attempt: rows[0], logs: seenOf(row?.handle ?? null)?.logs ?? [] }
}

const noImage = testDatabase()
test('an agent’s image that there is not ends an attempt after its start_timeout, as an image that cannot be pulled', async () => {
  const { attempt } = await wrongly({ agent_image: `${inject('registry')}/no-such-agent:1` }, noImage)
  expect(attempt).toMatchObject({ state: 'lost', reason: 'image_pull', started: false, userFailures: 0 })
  expect(attempt?.message).toMatch(/The image of the container gate: .*no-such-agent/s)
})

const noAnswer = testDatabase()
test('a gate that cannot reach the product ends an attempt after its start_timeout, and its log says whom it asked', async () => {
  const address = `http://${inject('machine')}:5998`
  const { attempt, logs } = await wrongly({ address }, noAnswer)
  expect(attempt).toMatchObject({ ...lost, message: expect.stringContaining('gate') as string })
  expect(logs).toEqual([
    {
      container: 'gate',
      text: `${address} does not answer (ECONNREFUSED). It is asked again until it does.\n`,
    },
  ])
})
