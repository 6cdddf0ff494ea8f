/** REST and share links by their real routes, on a real scheduler and real processes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET as getLog } from '#app/api/v1/runs/[id]/tasks/[task]/attempts/[n]/log/route.ts'
import { GET as getOutput } from '#app/api/v1/runs/[id]/tasks/[task]/outputs/[name]/route.ts'
import { GET as handle } from '#app/api/v1/[...path]/route.ts'
import { GET as getShared } from '#app/share/[secret]/outputs/[attempt]/[name]/route.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { createToken } from '#server/services/token/tokens.ts'
import { openWeb } from '#server/testing/web.ts'
import { webContext } from '#server/web-context.ts'
import { openWorkshop, type Workshop } from '#workers/testing/workshop.ts'
import type { RunDetail } from '../views/run.ts'
import { callerOf } from './router.ts'

const { database } = testDatabase()
let shop: Workshop
let token = ''
beforeAll(async () => {
  shop = await openWorkshop(database())
  token = shop.hosted.token
  openWeb(shop.hosted.ctx)
})
afterAll(() => shop.close())

const asked = (
  path: string,
  init: { method?: string; body?: string; headers?: Record<string, string> } = {},
  as = token,
) =>
  new Request(`http://dagbok.test/api/v1${path}`, {
    ...init,
    headers: { authorization: `Bearer ${as}`, 'content-type': 'application/json', ...init.headers },
  })
const read = async (path: string, as = token) => {
  const response = await handle(asked(path, {}, as))
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}
const send = async (path: string, body: unknown, method = 'POST') => {
  const response = await handle(asked(path, { method, body: JSON.stringify(body) }))
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const fence = '```'
const notebook = (accuracy: number, rows: string) => `---
dagbok: 1
id: small
params:
  n: {type: integer, default: 3, minimum: 1}
---

${fence}yaml task
id: fit
outputs: {table: {path: t.csv, key: [row]}}
metrics: {accuracy: {better: higher, tolerance: {rel: 0.005}}}
${fence}
${fence}bash script
echo "n is $DAGBOK_PARAM_N"
printf 'row,p\\n${rows}' > "$DAGBOK_OUT/t.csv"
echo '{"accuracy": ${accuracy}}' >> "$DAGBOK_METRICS"
${fence}
`
const at = '/dags/main/api/small'

test('a run by REST: started, read, its log and output by range; what is wrong is said with a status', async () => {
  const tree = await shop.hosted.work('api', { 'd/small.dag.md': notebook(0.9, '1,a\\n2,b\\n') })
  await tree.commit('First')
  await tree.git('push', '-q', shop.hosted.remote('api'), 'main')

  const made = await send(`${at}/runs`, { version: 1, params: { n: 5 }, force: true })
  expect(made).toMatchObject({ status: 201, body: { url: 'http://dagbok.test/main/api/small/runs/1' } })
  const id = String(made.body['id'])
  expect((await shop.ended('small', 1)).state).toBe('succeeded')
  expect((await read(`/runs/${id}`)).body).toMatchObject({
    state: 'succeeded',
    forced: true,
    why: 'Started over the API by Owner, at once, whatever other runs there were.',
    version: { number: 1 },
    taskRuns: [{ task: 'fit', key: null, state: 'succeeded', attempts: [{ n: 1, state: 'succeeded' }] }],
  })
  const log = await getLog(asked('/', { headers: { range: 'bytes=5-5' } }), {
    params: Promise.resolve({ id, task: 'fit', n: '1' }),
  })
  expect([log.status, await log.text()]).toEqual([206, '5'])
  const output = await getOutput(asked('/'), { params: Promise.resolve({ id, task: 'fit', name: 'table' }) })
  expect(await output.text()).toBe('row,p\n1,a\n2,b\n')

  const [attempt] = ((await read(`/runs/${id}`)).body as unknown as RunDetail).taskRuns[0]?.attempts ?? []
  const search = (query: string) => read(`/attempts/${attempt?.id}/log/search?${query}`)
  expect((await search('text=N%20IS')).body).toEqual({ lines: [0], total: 1 })
  expect((await search('text=N%20IS&matchCase=yes')).body).toEqual({ lines: [], total: 0 })
  expect((await search('text=N%20IS&matchCase=no')).body).toEqual({ lines: [0], total: 1 })
  expect((await search('')).body).toEqual({ lines: [], total: 0 })
  expect((await read(`/attempts/${attempt?.id}/outputs/table/rows?offset=1&limit=5`)).body).toEqual({
    columns: ['row', 'p'],
    rows: [['2', 'b']],
    offset: 1,
    totalRows: 2,
  })

  expect(await send(`${at}/runs`, { params: { n: 0 } })).toMatchObject({
    status: 400,
    body: { message: "The params do not fit: 'n' must be >= 1." },
  })
  expect(await send(`${at}/runs`, { params: { n: 2 ** 53 } })).toMatchObject({
    status: 400,
    body: {
      message: expect.stringContaining("'n' holds 9007199254740992, a whole number beyond 2^53") as string,
    },
  })
  expect((await send(`${at}/runs`, { version: 'v9' })).status).toBe(404)
  expect((await send(`/runs/${id}/cancel`, {})).status).toBe(409)
  const runsOf = async (version: number) => (await read(`${at}/grid?version=${version}`)).body['runs']
  expect([await runsOf(1), await runsOf(2)]).toMatchObject([[{ id }], []])
  expect((await read('/dags', 'dgb_none')).status).toBe(401)
})

test('an input of the wrong shape is one sentence that names where', async () => {
  expect(await send('/comparisons', { runs: ['no', 'such'] })).toMatchObject({
    status: 400,
    body: { message: "runs[0]: 'no' is not the id of a run; runs[1]: 'such' is not the id of a run" },
  })
  await expect(
    callerOf({ services: webContext(), actor: null }).comparisons.shared({ secret: 7 as never }),
  ).rejects.toThrow(/^secret: .*expected string/)
})

test('[S1] nobody of another team sees anything of it', async () => {
  const [other] = await database().client<{ id: string }[]>`
    with t as (insert into team (name) values ('other') returning id),
      u as (insert into "user" (name, email) values ('Other', 'other@localhost') returning id),
      m as (insert into member (team_id, user_id, role) select t.id, u.id, 'owner' from t, u)
    select id from u`
  const { secret } = await createToken(database(), other?.id ?? '', 'theirs', null)
  const [run] = await database().client<{ id: string }[]>`select id from run limit 1`
  expect((await read('/dags', secret)).body).toMatchObject({ dags: [], broken: [] })
  expect((await read(at, secret)).status).toBe(404)
  expect((await read(`/runs/${run?.id}`, secret)).status).toBe(404)
})

test('[S1] who may only look at a team starts, cancels and commits nothing in it', async () => {
  const [viewer] = await database().client<{ id: string }[]>`
    with u as (insert into "user" (name, email) values ('Viewer', 'viewer@localhost') returning id),
      m as (insert into member (team_id, user_id, role) select t.id, u.id, 'viewer' from team t, u where t.name = 'main')
    select id from u`
  const { secret } = await createToken(database(), viewer?.id ?? '', 'theirs', null)
  const [run] = await database().client<{ id: string }[]>`select id from run limit 1`
  expect((await read(at, secret)).status).toBe(200)
  const commit = { base: 'x', text: 'x', message: 'x' }
  const asks: [string, object][] = [
    [`${at}/runs`, {}],
    [`/runs/${run?.id}/cancel`, {}],
    [`/runs/${run?.id}/rerun`, {}],
    [`${at}/notebook/commits`, commit],
  ]
  for (const [path, body] of asks) {
    const response = await handle(asked(path, { method: 'POST', body: JSON.stringify(body) }, secret))
    expect([response.status, await response.json()], path).toEqual([
      403,
      { code: 'forbidden', message: 'This takes the role editor; in main yours is viewer.' },
    ])
  }
})

interface Compared {
  id: string
  comparison: { verdict: { word: string }; outputs: { cells: { url: string }[] }[] }
}

test('[S2] a share link shows its comparison and nothing else, until it is revoked', async () => {
  const tree = await shop.hosted.work('api2', {
    'd/small.dag.md': notebook(0.9, '1,a\\n2,b\\n').replace('id: small', 'id: pair'),
  })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('api2'), 'main')
  const first = await shop.ended('pair', 1)
  await tree.write({
    'd/small.dag.md': notebook(0.99, '1,a\\n2,c\\n3,d\\n').replace('id: small', 'id: pair'),
  })
  await tree.commit('Second')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('api2'), 'main')
  const second = await shop.ended('pair', 2)

  const made = await send('/comparisons', { runs: [first.id, second.id] })
  const { id, comparison } = made.body as unknown as Compared
  expect([made.status, comparison.verdict.word]).toEqual([201, 'better'])
  const link = await send(`/comparisons/${id}/share-links`, {})
  const secret = String(link.body['url']).split('/').at(-1) ?? ''
  const [kept] = await database().client`select secret_hash from share_link`
  expect(kept?.['secret_hash']).not.toContain(secret)

  const nobody = callerOf({ services: webContext(), actor: null })
  expect((await nobody.comparisons.shared({ secret })).verdict.word).toBe('better')
  const place = { task: 'fit', key: null, name: 'table', run: second.id }
  const difference = await nobody.comparisons.sharedOutput({
    secret,
    place,
    onlyDifferences: true,
    offset: 0,
    limit: 10,
  })
  expect(difference.table?.counts).toEqual({ added: 1, removed: 0, changed: 1, same: 1 })
  const outputOf = async (url = '') => {
    const [, , , , attempt = '', , name = ''] = url.split('/')
    return (
      await getShared(new Request('http://dagbok.test/'), {
        params: Promise.resolve({ secret, attempt, name }),
      })
    ).status
  }
  const url = comparison.outputs[0]?.cells[0]?.url
  expect(await outputOf(url)).toBe(200)
  const [foreign] = await database().client<{ id: string }[]>`
    select a.id from attempt a where a.run_id not in (${first.id}, ${second.id}) limit 1`
  expect(await outputOf(`/api/artifacts/attempts/${foreign?.id}/outputs/table`)).toBe(404)
  await expect(nobody.runs.get({ id: first.id })).rejects.toThrow('Sign in')

  await send(`/share-links/${String(link.body['id'])}`, {}, 'DELETE')
  await expect(nobody.comparisons.shared({ secret })).rejects.toThrow('opens nothing')
  await expect(nobody.comparisons.sharedUntil({ secret })).rejects.toThrow('opens nothing')
  expect(await outputOf(url)).toBe(404)
})

test('[R10] a commit in the browser is checked as a push is, and moves the branch or nothing', async () => {
  const before = (await read(`${at}/notebook`)).body as { sha: string; text: string }
  const commit = (text: string, base = before.sha) =>
    send(`${at}/notebook/commits`, { base, text, message: 'More' })
  const broken = await commit(before.text.replace('metrics:', 'metrisc:').replace('outputs:', 'outptus:'))
  expect(broken.status).toBe(400)
  expect(String(broken.body['message']).match(/d\/small\.dag\.md:\d+:\d+/g)).toHaveLength(2)
  expect((await read(`${at}/notebook`)).body['sha']).toBe(before.sha)
  expect((await commit(before.text)).status).toBe(400)

  const good = await commit(before.text.replace('default: 3', 'default: 4'))
  expect(good).toMatchObject({ status: 201, body: { version: 2 } })
  expect((await commit(before.text.replace('default: 3', 'default: 9'))).status).toBe(409)
  const { body } = await read(`${at}/diff?a=v1&b=v2`)
  expect(body['files']).toMatchObject([{ path: 'd/small.dag.md', addedLines: 1, removedLines: 1 }])
})

test('forms ask for their fields in the order in which the author wrote them', async () => {
  const ordered = `dagbok: 1
id: ordered
params:
  zulu: {type: integer, default: 1}
  in_the_middle: {type: integer, default: 2}
  a: {type: integer, default: 3}
tasks:
  - id: ask
    approve: {message: "Go?", form: {where: {enum: [eu, us]}, copies: {type: integer}, at: {type: string}}}
`
  const tree = await shop.hosted.work('ordered', { 'ordered.dag.yaml': ordered })
  await tree.commit('First')
  await tree.git('push', '-q', shop.hosted.remote('ordered'), 'main')
  const place = '/dags/main/ordered/ordered'
  const { body: schema } = await read(`${place}/params`)
  expect(Object.keys(schema['properties'] as object)).toEqual(['zulu', 'in_the_middle', 'a'])

  const { body: made } = await send(`${place}/runs`, { params: { a: 5 } })
  const { body: run } = await read(`/runs/${String(made['id'])}`)
  expect(JSON.stringify(run['params'])).toBe('{"zulu":1,"in_the_middle":2,"a":5}')
  const { ask } = run['forms'] as RunDetail['forms']
  expect(Object.keys(ask?.fields ?? {})).toEqual(['where', 'copies', 'at'])
})
