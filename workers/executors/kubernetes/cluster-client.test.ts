import { afterEach, beforeEach, expect, test } from 'vitest'
import { ClusterError } from './cluster-error.ts'
import type { ClusterClient } from './cluster-client.ts'
import { AnsweringServer, json, type Answer } from './testing/answering.ts'

let server: AnsweringServer
let client: ClusterClient
beforeEach(async () => {
  server = await new AnsweringServer().open()
  client = server.client()
})
afterEach(() => server.close())

const pod = (name: string, version = '7') => ({
  metadata: { name, namespace: 'team-a', uid: `uid-${name}`, resourceVersion: version, managedFields: [{}] },
  spec: { nodeName: 'n' },
})
const ref = { namespace: 'team-a', name: 'a' }
const failure = (code: number, reason: string, message: string) =>
  json(code, { kind: 'Status', code, reason, message })

/** What a call comes to, when virtual time goes on until then: its value, or its error's code; and when. */
async function outcomeOf(work: Promise<unknown>, until = 600_000): Promise<{ value: unknown; at: number }> {
  let outcome: { value: unknown; at: number } | null = null
  const note = (value: unknown) => {
    outcome = { value, at: Math.round(server.timing.elapsed()) }
  }
  work.then(note, (error: unknown) => note(error instanceof ClusterError ? error.code : error))
  await server.timing.run(until)
  return outcome ?? { value: 'nothing', at: until }
}

test('each verb asks as the API wants it, with the credentials of the kubeconfig', async () => {
  server.answer = json(200, pod('a'))
  await client.getPod(ref)
  await client.createPod('team-a', { kind: 'Pod' })
  await client.deletePod(ref, { uid: 'u', graceSeconds: 30 })
  await client.removeFinalizer(ref, { uid: 'u', finalizer: 'dagbok.dev/recorded' })
  await client.eventsOf('team-a', 'u')
  const path = '/api/v1/namespaces/team-a/pods'
  expect(server.asked.map(({ method, url, type, body }) => [method, url, type, body])).toEqual([
    ['GET', `${path}/a`, undefined, null],
    ['POST', path, 'application/json', { kind: 'Pod' }],
    [
      'DELETE',
      `${path}/a`,
      'application/json',
      { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid: 'u' }, gracePeriodSeconds: 30 },
    ],
    [
      'PATCH',
      `${path}/a`,
      'application/strategic-merge-patch+json',
      { metadata: { uid: 'u', '$deleteFromPrimitiveList/finalizers': ['dagbok.dev/recorded'] } },
    ],
    [
      'GET',
      '/api/v1/namespaces/team-a/events?fieldSelector=involvedObject.uid%3Du&limit=500',
      undefined,
      null,
    ],
  ])
  expect(new Set(server.asked.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer secret']))
})

test('a list comes in pages, and of a pod all is kept but who has written what', async () => {
  server.answer = json(200, { metadata: { resourceVersion: '9', continue: 'more' }, items: [pod('a')] })
  const selection = { namespace: 'team-a', selector: 'x=y' }
  const page = await client.listPods(selection, { limit: 1 })
  expect(page).toMatchObject({ resourceVersion: '9', next: 'more', pods: [{ spec: { nodeName: 'n' } }] })
  expect(page.pods[0]?.metadata).not.toHaveProperty('managedFields')
  server.answer = json(200, { metadata: { resourceVersion: '9', continue: '' }, items: null })
  expect(await client.listPods(selection, { limit: 1, next: 'more' })).toEqual({
    resourceVersion: '9',
    next: null,
    pods: [],
  })
  expect(server.asked.at(-1)?.url).toBe(
    '/api/v1/namespaces/team-a/pods?labelSelector=x%3Dy&limit=1&continue=more',
  )
})

test('what is not there is told apart from what could not be asked', async () => {
  server.answer = failure(404, 'NotFound', 'pods "a" not found')
  expect(await client.getPod(ref)).toBeNull()
  expect(await client.deletePod(ref, { uid: 'u' })).toBe(false)
  expect(await client.removeFinalizer(ref, { uid: 'u', finalizer: 'f' })).toBe(false)
  await expect(client.createPod('team-a', {})).rejects.toMatchObject({ code: 'not_found' })
})

test.each([
  [400, 'BadRequest', 'invalid'],
  [401, 'Unauthorized', 'unauthorized'],
  [403, 'Forbidden', 'forbidden'],
  [409, 'AlreadyExists', 'already_exists'],
  [409, 'Conflict', 'conflict'],
  [410, 'Expired', 'gone'],
  [422, 'Invalid', 'invalid'],
  [429, 'TooManyRequests', 'throttled'],
  [500, 'InternalError', 'unavailable'],
  [504, 'Timeout', 'unavailable'],
  [302, 'Found', 'bad_answer'],
] as const)('status %d %s is %s, with what the server said', async (status, reason, code) => {
  server.answer = failure(status, reason, 'because')
  await expect(client.createPod('team-a', {})).rejects.toMatchObject({
    code,
    status,
    message: `The API server answered with status ${status}: because`,
    body: { reason },
  })
})

test('a patch of another pod by the same name is a conflict', async () => {
  const causes = [{ reason: 'FieldValueInvalid', message: 'field is immutable', field: 'metadata.uid' }]
  server.answer = json(422, { kind: 'Status', code: 422, reason: 'Invalid', details: { causes } })
  const asked = client.removeFinalizer(ref, { uid: 'u', finalizer: 'f' })
  await expect(asked).rejects.toMatchObject({ code: 'conflict', status: 422 })
})

test.each<[what: string, answer: Answer, code: string]>([
  ['a page of a proxy', (response) => response.end('<html>'), 'bad_answer'],
  ['an object of another shape', json(200, { metadata: { name: 'a' } }), 'bad_answer'],
  [
    'half an answer',
    (response) =>
      void (
        response.writeHead(200, { 'content-length': '99' }),
        response.write('{"a'),
        setImmediate(() => response.destroy())
      ),
    'unavailable',
  ],
  ['a reset connection', (response) => response.socket?.resetAndDestroy(), 'unavailable'],
])('%s is an error of the closed set', async (_, answer, code) => {
  server.answer = answer
  expect((await outcomeOf(client.getPod(ref))).value).toBe(code)
})

test('a server that is away is unavailable', async () => {
  const { url } = server
  await server.close()
  await expect(client.getPod(ref)).rejects.toMatchObject({ code: 'unavailable', status: null })
  await expect(client.getPod(ref)).rejects.toThrow(`${url.slice(7)} does not answer (ECONNREFUSED).`)
  server = await new AnsweringServer().open()
})

const verbs: [name: string, call: (client: ClusterClient) => Promise<unknown>, ms: number][] = [
  ['list', (one) => one.listPods({ namespace: 'a', selector: 'b' }, { limit: 1 }), 10_000],
  ['get', (one) => one.getPod(ref), 15_000],
  ['create', (one) => one.createPod('a', {}), 15_000],
  ['delete', (one) => one.deletePod(ref, { uid: 'u' }), 15_000],
  ['finalizer', (one) => one.removeFinalizer(ref, { uid: 'u', finalizer: 'f' }), 15_000],
  ['events', (one) => one.eventsOf('a', 'u'), 15_000],
  ['watch', (one) => one.watchPods({ namespace: 'a', selector: 'b' }, { resourceVersion: '1', seconds: 60, silentMs: 12_000 }).next(), 12_000],
  ['log', (one) => one.readLog(ref, { container: 'main', follow: true }).next(), 15_000],
] // prettier-ignore

test.each(verbs)('[R7] %s has a bound when nothing is answered', async (_, call, ms) => {
  server.answer = () => {}
  expect(await outcomeOf(call(client))).toEqual({ value: 'timeout', at: ms })
})

test.each(verbs)('[R7] %s has a bound when it is not answered to the end', async (name, call, ms) => {
  server.answer = (response) => {
    response.writeHead(200)
    response.flushHeaders()
  }
  const silent = name === 'log' ? 600_000 : ms
  expect(await outcomeOf(call(client), 700_000)).toEqual({ value: 'timeout', at: silent })
})

test('[R7] a call ends with its caller, for his reason', async () => {
  server.answer = () => {}
  const caller = new AbortController()
  server.timing.after(100, () => caller.abort(new Error('stop')))
  expect(await outcomeOf(client.getPod(ref, caller.signal))).toEqual({ value: new Error('stop'), at: 100 })
})

test.each([
  ['3', 3000],
  ['Thu, 01 Jan 1970 00:00:05 GMT', 5000],
])('who is told to come back after %s leaves the server alone until then', async (header, ms) => {
  const [busy, good] = [json(429, {}, { 'retry-after': header }), json(200, pod('a'))]
  server.answer = (response, asked) => (server.asked.length === 1 ? busy : good)(response, asked)
  await expect(client.getPod(ref)).rejects.toMatchObject({ code: 'throttled', retryAfterMs: ms })
  const outcome = await outcomeOf(Promise.all([client.getPod(ref), client.deletePod(ref, { uid: 'u' })]))
  expect(outcome.at).toBeGreaterThanOrEqual(ms)
  expect(outcome.at).toBeLessThan(ms * 1.3)
  expect(server.asked.slice(1).every(({ at }) => at >= ms)).toBe(true)
})

test('[R7] who would have to wait longer than his bound is told so at once', async () => {
  server.answer = json(429, {}, { 'retry-after': '100' })
  await expect(client.getPod(ref)).rejects.toMatchObject({ code: 'throttled' })
  expect(await outcomeOf(client.getPod(ref))).toEqual({ value: 'throttled', at: 0 })
  expect(server.asked.length).toBe(1)
})

test('no word of a server is waited for longer than two minutes', async () => {
  server.answer = json(429, {}, { 'retry-after': '86400' })
  await expect(client.getPod(ref)).rejects.toMatchObject({ retryAfterMs: 120_000 })
})

test('pods are created at a bounded rate, after a burst', async () => {
  server.answer = json(201, pod('a'))
  const outcome = await outcomeOf(
    Promise.all(Array.from({ length: 60 }, () => client.createPod('team-a', {}))),
  )
  expect(outcome.at).toBe(2000)
  const at = server.asked.map((one) => one.at)
  expect(at.filter((one) => one === 0).length).toBe(20)
  expect(at.filter((one) => one > 0 && one <= 1000).length).toBe(20)
})

test('the log of a container is read as it comes, from a moment on', async () => {
  server.answer = (response) => {
    response.write('2026-11-27T06:00:00.1Z a\n')
    response.end()
  }
  const chunks: Uint8Array[] = []
  const ask = { container: 'main', follow: true, sinceTime: '2026-11-27T06:00:00Z' }
  for await (const chunk of client.readLog(ref, ask)) chunks.push(chunk)
  expect(Buffer.concat(chunks).toString()).toBe('2026-11-27T06:00:00.1Z a\n')
  expect(server.asked[0]?.url).toBe(
    '/api/v1/namespaces/team-a/pods/a/log?container=main&follow=true&timestamps=true&sinceTime=2026-11-27T06%3A00%3A00Z',
  )
})

test('who stops reading a stream closes its connection', async () => {
  let isClosed = false
  server.answer = (response) => {
    response.write('line\n')
    response.on('close', () => {
      isClosed = true
    })
  }
  for await (const chunk of client.readLog(ref, { container: 'main', follow: true }))
    if (chunk.length > 0) break
  await server.timing.settled()
  expect(isClosed).toBe(true)
})
