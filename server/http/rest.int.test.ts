/** REST over real HTTP, of a product as `npm start` starts it: what is asked wrongly, and bytes by ranges. */
import { once } from 'node:events'
import { get, type IncomingMessage } from 'node:http'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RunDetail } from '#server/views/run.ts'
import { scored } from '#cli/testing/notebooks.ts'
import { reachOf, type Reach } from '#workers/testing/reach.ts'
import { startProduct, type Product } from '../../e2e/fixtures/product.ts'
import { cloneRepository } from '../../e2e/fixtures/repository.ts'
import { runToEnd } from '../../e2e/fixtures/runs.ts'

const nobody = '00000000-0000-4000-8000-000000000000'
const at = '/dags/main/rest/small'
let product: Product
let run: RunDetail

beforeAll(async () => {
  product = await startProduct(['--no-examples'])
  const copy = await cloneRepository(product.ready, 'rest')
  await copy.write('small/small.dag.md', scored('small', 0.9))
  await copy.push('First')
  await copy.remove()
  run = await runToEnd(product, 'main/rest/small', { n: 5 })
}, 600_000)
afterAll(() => product?.stop())

interface Asked {
  method?: string
  headers?: Record<string, string>
  body?: string
}

const ask = (path: string, { method = 'GET', headers = {}, body }: Asked = {}) =>
  fetch(`${product.ready.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${product.ready.apiToken}`, ...headers },
    ...(body === undefined ? {} : { body }),
  })
const posted = (body: string): Asked => ({
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body,
})
const post = (path: string, body: unknown) => ask(`/api/v1${path}`, posted(JSON.stringify(body)))

test.each<[string, Asked, number, string, RegExp]>([
  ['/api/v1/dags', { headers: { authorization: '' } }, 401, 'unauthenticated', /Sign in, or send/],
  ['/metrics', { headers: { authorization: '' } }, 401, 'unauthenticated', /Sign in, or send/],
  ['/api/v1/dags', { headers: { authorization: 'Bearer x' } }, 401, 'unauthenticated', /Sign in, or send/],
  ['/api/v1/nope', {}, 404, 'not_found', /There is no \/api\/v1\/nope: \/api\/openapi\.json lists/],
  ['/api/v1/dags', posted('{}'), 405, 'unsupported', /takes GET and not POST/],
  ['/api/v1/dags', { method: 'PUT' }, 405, 'unsupported', /takes GET and not PUT/],
  ['/api/v1/dags/none/rest/small', {}, 404, 'not_found', /no such team/],
  ['/api/v1/dags/main/rest/none', {}, 404, 'not_found', /There is no DAG main\/rest\/none/],
  [`/api/v1${at}/runs`, posted('{'), 400, 'bad_input', /^The body is no JSON: /],
  [`/api/v1${at}/runs`, posted('[1]'), 400, 'bad_input', /must be a JSON object/],
  [`/api/v1${at}/runs`, posted('null'), 400, 'bad_input', /must be a JSON object/],
  [
    `/api/v1${at}/runs`,
    { method: 'POST', body: 'version=1' },
    400,
    'bad_input',
    /Content-Type: application\/json/,
  ],
  [`/api/v1${at}/runs`, posted('{"verison": 1}'), 400, 'bad_input', /Unrecognized key: "verison"/],
  [`/api/v1${at}/runs`, posted('{"params": [1]}'), 400, 'bad_input', /^params: .*expected record/],
  [`/api/v1${at}/runs`, posted('{"params": {"n": 0}}'), 400, 'bad_input', /'n' must be >= 1/],
  [`/api/v1${at}/runs`, posted('{"params": {"m": 1}}'), 400, 'bad_input', /no param 'm'/],
  [`/api/v1${at}/runs`, posted('{"params": {"label": "a\\u0000"}}'), 400, 'bad_input', /NUL character/],
  [`/api/v1${at}/runs`, posted('{"params": {"label": "\\ud800"}}'), 400, 'bad_input', /surrogate/],
  [`/api/v1${at}/runs`, posted('{"version": "v9"}'), 404, 'not_found', /small has no version 'v9'/],
  [`/api/v1${at}/runs?limit=x`, {}, 400, 'bad_input', /^limit: /],
  [`/api/v1${at}/runs?state=done`, {}, 400, 'bad_input', /^state: /],
  [`/api/v1${at}/runs/9`, {}, 404, 'not_found', /small has no run 9/],
  [`/api/v1${at}/runs/x`, {}, 400, 'bad_input', /^number: /],
  [`/api/v1${at}/diff?a=v1&b=v7`, {}, 404, 'not_found', /no version 'v7'/],
  ['/api/v1/runs/zzz', {}, 400, 'bad_input', /^id: Invalid UUID/],
  [`/api/v1/runs/${nobody}`, {}, 404, 'not_found', /There is no such run/],
  [`/api/v1/runs/zzz/tasks/fit/attempts/1/log`, {}, 400, 'bad_input', /^id: Invalid UUID/],
  [`/api/v1/runs/${nobody}/tasks/fit/attempts/x/log`, {}, 400, 'bad_input', /^n: /],
  [`/api/v1/runs/${nobody}/tasks/fit/outputs/a%00b`, {}, 400, 'bad_input', /NUL character/],
  ['/api/artifacts/attempts/zz/log', {}, 400, 'bad_input', /^attempt: Invalid UUID/],
  [`/api/v1/compare?runs=${nobody}`, {}, 400, 'bad_input', /^runs: /],
  [
    '/api/v1/comparisons',
    posted(`{"runs": ["${nobody}", "x"]}`),
    400,
    'bad_input',
    /^runs\[1\]: '.+' is not the id of a run/,
  ],
  [`/api/v1/comparisons/${nobody}`, {}, 404, 'not_found', /no such comparison/],
  [`/api/v1/share-links/${nobody}`, { method: 'DELETE' }, 404, 'not_found', /no such share link/],
  ['/api/v1/tokens', posted('{"name": ""}'), 400, 'bad_input', /Give the token a name/],
  [`/api/v1/tokens/${nobody}`, { method: 'DELETE' }, 404, 'not_found', /no such token/],
  [
    '/api/v1/repositories',
    posted('{"team": "main", "name": "../x"}'),
    400,
    'bad_input',
    /cannot be the name/,
  ],
])('%s %o is answered %i %s', async (path, asked, status, code, message) => {
  const response = await ask(path, asked)
  const body = (await response.json()) as { message: string }
  expect({ status: response.status, ...body }).toEqual({ status, code, message: body.message })
  expect(body.message).toMatch(message)
  expect(body.message).not.toMatch(/\n\s+at /)
})

test('a method that a path does not take is answered with those that it does', async () => {
  expect((await ask('/api/v1/dags', { method: 'PATCH' })).headers.get('allow')).toBe('GET')
  expect((await ask(`/api/v1${at}/runs`, { method: 'DELETE' })).headers.get('allow')).toBe('GET, POST')
})

/** A JSON body whose length is not told, of some MiB. */
const unmeasured = (method: string, size: number): RequestInit & { duplex: 'half' } => ({
  method,
  headers: { authorization: `Bearer ${product.ready.apiToken}`, 'content-type': 'application/json' },
  body: new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(Buffer.from('{"name": "'))
      for (let i = 0; i < size; i++) controller.enqueue(Buffer.alloc(2 ** 20, 'x'))
      controller.enqueue(Buffer.from('"}'))
      controller.close()
    },
  }),
  duplex: 'half',
})

test.each(['/api/trpc/comparisons.shared', '/api/auth/callback/link', '/api/auth/signout', '/sign-in'])(
  '[S8] a body for %s whose length is not told is not read',
  async (path) => {
    const response = await fetch(`${product.ready.url}${path}`, unmeasured('POST', 1))
    expect([response.status, await response.json()]).toMatchObject([411, { code: 'bad_input' }])
  },
)

test(
  '[S8] a body that is too large is refused, also when its length is not told',
  { repeats: 10 },
  async () => {
    const large = await post('/tokens', { name: 'x'.repeat(11 * 2 ** 20) })
    expect([large.status, await large.json()]).toEqual([
      413,
      { message: 'The body is too large.', code: 'too_large' },
    ])
    const chunked = await fetch(`${product.ready.apiUrl}/tokens`, unmeasured('POST', 11))
    expect([chunked.status, await chunked.json()]).toMatchObject([413, { code: 'too_large' }])
    const put = await fetch(`${product.ready.apiUrl}/teams/main/pools/p`, unmeasured('PUT', 11))
    expect([put.status, await put.json()]).toMatchObject([413, { code: 'too_large' }])
  },
)

test('Prometheus gets its text', async () => {
  const response = await ask('/metrics')
  expect(response.headers.get('content-type')).toMatch(/^text\/plain; version=/)
  const text = await response.text()
  expect(text).toContain('dagbok_scheduler_lag_seconds ')
  expect(text).toContain('process_cpu_seconds_total ')
})

test('without a body, a start takes every default', async () => {
  const response = await ask(`/api/v1${at}/runs`, { method: 'POST' })
  const made = (await response.json()) as { id: string; url: string }
  expect([response.status, response.headers.get('location')]).toEqual([201, made.url])
  expect(await product.api(`/runs/${made.id}`)).toMatchObject({
    params: { n: 3, label: 'plain' },
    trigger: 'api',
  })
  expect(await product.api(`${at}/runs/2`)).toMatchObject({ id: made.id })
})

test('a log and an output are given whole, by range, not again, and not beyond their end', async () => {
  const log = `/api/v1/runs/${run.id}/tasks/fit/attempts/1/log`
  const output = `/api/v1/runs/${run.id}/tasks/fit/outputs/table`
  expect(await (await ask(log)).text()).toBe('n is 5\n')
  const part = await ask(log, { headers: { range: 'bytes=-2' } })
  expect([part.status, await part.text(), part.headers.get('content-range')]).toEqual([
    206,
    '5\n',
    'bytes 5-6/7',
  ])
  const whole = await ask(output)
  expect([await whole.text(), whole.headers.get('content-type')]).toEqual([
    'row,p\n1,0.9\n',
    'text/csv; charset=utf-8',
  ])
  const known = { 'if-none-match': whole.headers.get('etag') ?? '' }
  expect((await ask(output, { headers: known })).status).toBe(304)
  expect((await ask(output, { method: 'HEAD' })).status).toBe(200)

  for (const path of [log, output]) {
    const beyond = await ask(path, { headers: { range: 'bytes=99-' } })
    expect(beyond.status).toBe(416)
    expect(beyond.headers.get('content-range')).toMatch(/^bytes \*\/\d+$/)
    expect(await beyond.json()).toMatchObject({ code: 'out_of_range' })
  }
  expect((await ask(`${log}?key=a`)).status).toBe(404)
  expect((await ask(`/api/v1/runs/${run.id}/tasks/fit/outputs/none`)).status).toBe(404)
})

test('the description and the schema of notebooks are there for everyone; every GET in it is answered', async () => {
  const document = (await (await fetch(`${product.ready.url}/api/openapi.json`)).json()) as {
    servers: { url: string }[]
    paths: Record<string, { get?: object }>
  }
  expect(document.servers).toEqual([{ url: product.ready.apiUrl }])
  const attempt = run.taskRuns.find(({ task }) => task === 'fit')?.attempts[0]
  for (const [path, { get }] of Object.entries(document.paths)) {
    if (get === undefined) continue
    const filled = path
      .replace('{team}/{repo}/{dag}', 'main/rest/small')
      .replace('{team}', 'main')
      .replace('{number}', '1')
      .replace('{id}', path.startsWith('/runs') ? run.id : nobody)
      .replace('{task}', 'fit')
      .replace('{attemptId}', attempt?.id ?? '')
      .replace('{n}', '1')
      .replace('{name}', 'table')
    const query = { '/compare': `?runs=${nobody}&runs=${run.id}`, [`${at}/diff`]: '?a=v1&b=v1' }[filled] ?? ''
    const response = await ask(`/api/v1${filled}${query}`)
    // There is no such comparison or backfill, and a DAG without a schedule has none to preview.
    const none = filled.startsWith('/compar') || filled.includes('/backfills/1')
    const expected = none ? 404 : filled.endsWith('/backfills/preview') ? 400 : 200
    expect(response.status, `${path}: ${await response.text()}`).toBe(expected)
  }
  const schema = await fetch(`${product.ready.url}/schema/dag.json`)
  expect([schema.status, schema.headers.get('content-type')]).toEqual([
    200,
    'application/json; charset=UTF-8',
  ])
  expect(await schema.json()).toMatchObject({ title: 'Dagbok DAG' })
})

test('repositories, tokens, versions and their difference', async () => {
  const made = await post('/repositories', { team: 'main', name: 'empty' })
  expect([made.status, await made.json()]).toMatchObject([201, { name: 'empty', defaultBranch: null }])
  expect(await product.api('/repositories')).toMatchObject([{ name: 'empty' }, { name: 'rest' }])

  const token = (await (await post('/tokens', { name: 'ci', days: 1 })).json()) as {
    id: string
    secret: string
  }
  expect(await product.api<object[]>('/tokens')).toContainEqual(
    expect.objectContaining({ id: token.id, name: 'ci' }),
  )
  expect(JSON.stringify(await product.api('/tokens'))).not.toContain(token.secret)
  const mine = { headers: { authorization: `Bearer ${token.secret}` } }
  expect((await ask('/api/v1/me', mine)).status).toBe(200)
  expect((await ask(`/api/v1/tokens/${token.id}`, { method: 'DELETE' })).status).toBe(200)
  expect((await ask('/api/v1/me', mine)).status).toBe(401)

  const notebook = await product.api<{ sha: string; text: string }>(`${at}/notebook`)
  const text = notebook.text.replace('default: 3', 'default: 4')
  expect(await product.api(`${at}/notebook/check`, { base: notebook.sha, text })).toMatchObject({
    faults: [],
  })
  const commit = await post(`${at}/notebook/commits`, { base: notebook.sha, text, message: 'Four' })
  expect([commit.status, await commit.json()]).toMatchObject([201, { version: 2 }])
  expect((await post(`${at}/notebook/commits`, { base: notebook.sha, text, message: 'Late' })).status).toBe(
    409,
  )
  expect(await product.api(`${at}/versions`)).toMatchObject([{ number: 2 }, { number: 1 }])
  expect(await product.api(`${at}/diff?a=1&b=main`)).toMatchObject({
    after: { number: 2 },
    files: [{ path: 'small/small.dag.md', addedLines: 1, removedLines: 1 }],
  })
  const again = await post(`/runs/${run.id}/rerun`, { version: 2 })
  expect([again.status, again.headers.get('location')]).toEqual([201, expect.stringContaining('/runs/3')])
})

/** The status of an answer to who asks by another name than the product's. */
async function byAddress(path: string): Promise<number> {
  const { hostname, port } = new URL(product.ready.url)
  const authorization = `Bearer ${product.ready.apiToken}`
  const asked = get({ hostname, port, path, headers: { host: '10.1.2.3:7310', authorization } })
  const [answer] = (await once(asked, 'response')) as [IncomingMessage]
  answer.resume()
  return answer.statusCode ?? 0
}

test.each([
  ['/metrics', 200],
  ['/api/health/ready', 200],
  ['/api/health/live', 200],
  ['/', 421],
  ['/api/v1/dags', 421],
  ['/api/health/liver', 421],
  ['/api/worker/poll', 421],
])('[S11] who knows an address only is answered at %s with %i', async (path, status) => {
  expect(await byAddress(path)).toBe(status)
})

describe('[S6] a hostile task', () => {
  let reach: Reach
  let attempts: string[]
  beforeAll(async () => {
    attempts = run.taskRuns.flatMap((one) => one.attempts.map(({ id }) => id))
    reach = await reachOf(product, attempts)
  })

  test('is told no key, and what lies in the product’s folders is for the product’s user id alone', () => {
    const { told, modes, secrets } = reach
    expect(told.words).toContain('DAGBOK_TASK')
    expect(secrets.filter((secret) => secret.length < 20 || told.words.includes(secret))).toEqual([])
    const { data, runtime } = product.places
    const known = ['session-secret', 'secrets-key', 'lock.json', 'repositories', 'artifacts']
    expect(Object.keys(modes)).toEqual(expect.arrayContaining(known.map((name) => join(data, name))))
    // What other user ids come to, as root.
    const open = process.getuid?.() === 0 ? ['attempts', 'bin', 'programs'] : []
    const isOpen = (path: string) => open.some((name) => path.startsWith(join(runtime, name)))
    expect(Object.entries(modes).filter(([path, mode]) => (mode & 0o077) > 0 && !isOpen(path))).toEqual([])
  })

  test('as root reaches nothing of the product but the Node that is for it', ({ skip }) => {
    skip(process.getuid?.() !== 0, 'not as root, an author can do what the server can')
    const { uid, keys, read, written, called } = reach.told
    expect([uid, keys]).toEqual([64_101, []])
    const { runtime } = product.places
    const gone = attempts.map((id) => join(runtime, 'attempts', id))
    const reached = [read, written, called]
      .flatMap((tried) => Object.entries(tried))
      .filter(([path, how]) => how !== 'EACCES' && !(how === 'ENOENT' && gone.includes(path)))
    expect(reached).toEqual([[join(runtime, 'bin'), 'reached']])
  })
})
