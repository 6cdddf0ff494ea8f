/** Schedules, triggers and backfills by their real routes, on a real scheduler and real processes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { Webhook } from 'standardwebhooks'
import { POST as hook } from '#app/api/hooks/[team]/[repo]/[dag]/route.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { createToken } from '#server/services/token/tokens.ts'
import { smallDag } from '#server/testing/hosted.ts'
import { askRest } from '#server/testing/rest.ts'
import { openWeb } from '#server/testing/web.ts'
import { Enqueuers } from '#workers/scheduler/enqueuers.ts'
import { openWorkshop, type Workshop } from '#workers/testing/workshop.ts'

const { database } = testDatabase()
let shop: Workshop
let enqueuers: Enqueuers
beforeAll(async () => {
  shop = await openWorkshop(database())
  openWeb(shop.hosted.ctx)
  enqueuers = new Enqueuers(shop.hosted.ctx)
  await enqueuers.start()
})
afterAll(async () => {
  await enqueuers.stop()
  await shop.close()
})

async function ask(method: string, path: string, body?: unknown, as = shop.hosted.token) {
  const response = await askRest(method, path, as, body)
  return { status: response.status, body: await response.json() }
}

const dag = (id: string, front: string) => smallDag(id).replace(`id: ${id}\n`, `id: ${id}\n${front}`)

async function push(repo: string, files: Record<string, string>): Promise<string> {
  const tree = await shop.hosted.work(repo, {})
  await tree.write(
    Object.fromEntries(Object.entries(files).map(([id, text]) => [`${id}/${id}.dag.md`, text])),
  )
  await tree.commit('Push')
  return tree.git('push', '-q', shop.hosted.remote(repo), 'main')
}

test('a DAG tells its next five ticks of all schedules; none while it is paused; who paused it is on record', async () => {
  const front =
    'schedule:\n  - {cron: "0 6 * * *", timezone: Europe/London}\n  - {every: 24h, semantics: interval, start_date: 2026-01-01T12:00Z}\n'
  await push('sched', { daily: dag('daily', front) })
  const at = '/dags/main/sched/daily'
  const { body } = await ask('GET', at)
  expect(body.schedule).toMatchObject([
    { key: '0 6 * * * Europe/London', words: 'At 06:00' },
    { key: 'every 86400s interval from 2026-01-01T12:00Z', words: 'Every 24 h' },
  ])
  expect(body.nextTicks).toHaveLength(5)
  expect(body.nextTick).toBe(body.nextTicks[0].at)
  const interval = body.nextTicks.find((tick: { schedule: string }) => tick.schedule.startsWith('every'))
  expect(Date.parse(interval.at) - Date.parse(interval.logicalDate)).toBe(86_400_000)

  expect((await ask('POST', `${at}/pause`, {})).status).toBe(200)
  expect((await ask('POST', `${at}/pause`, {})).body.message).toBe('daily is paused already.')
  expect((await ask('GET', at)).body).toMatchObject({
    nextTicks: [],
    nextTick: null,
    paused: { by: 'Owner' },
  })
  await ask('POST', `${at}/resume`, {})
  expect((await ask('GET', `${at}/audit`)).body).toMatchObject([
    { verb: 'dag.resume', by: 'Owner' },
    { verb: 'dag.pause', by: 'Owner' },
  ])
  expect((await ask('GET', '/teams/main/audit')).body[0]).toMatchObject({
    verb: 'dag.resume',
    by: 'Owner',
    dag: { dag: 'daily' },
  })
  expect((await ask('GET', '/teams/elsewhere/audit')).status).toBe(404)
})

test('a backfill by REST: its dry run, its progress, and each date’s run says why it is there', async () => {
  const front = 'schedule: {cron: "0 6 * * *", semantics: interval}\n'
  await push('fill', {
    past: dag('past', front).replace('echo hi', 'echo "$DAGBOK_INTERVAL_START $DAGBOK_INTERVAL_END"'),
  })
  const at = '/dags/main/fill/past/backfills'
  const preview = await ask('GET', `${at}/preview?from=2026-01-01&to=2026-01-03&order=newest`)
  expect(preview.body).toMatchObject({ version: 1, dates: 3, plans: { run: 3, has_run: 0 } })
  expect(preview.body.page[0]).toMatchObject({
    logicalDate: '2026-01-03T06:00:00.000Z',
    plan: 'run',
    run: null,
  })
  expect((await ask('GET', `${at}/preview?from=then&to=2026-01-03`)).body.message).toContain('is not a date')

  const made = await ask('POST', at, { from: '2026-01-01', to: '2026-01-03', concurrency: 2 })
  expect(made).toMatchObject({ status: 201, body: { number: 1, state: 'running', concurrency: 2 } })
  const done = await shop.until(async () => {
    const { body } = await ask('GET', `${at}/1`)
    return body.endedAt === null ? null : body
  })
  expect(done).toMatchObject({ state: 'finished', progress: { dates: 3, succeeded: 3 } })
  const dates = await ask('GET', `${at}/1/dates`)
  expect(dates.body.map((date: { run: { number: number } }) => date.run.number)).toEqual([1, 2, 3])
  const second = await ask('GET', `${at}/1/dates?offset=1&limit=1`)
  expect(second.body).toMatchObject([{ logicalDate: '2026-01-02T06:00:00.000Z', made: true }])
  const [run] = (await ask('GET', '/dags/main/fill/past/runs')).body
  expect(run).toMatchObject({
    why: 'Made by backfill 1 for 2026-01-03T06:00:00.000Z.',
    backfill: { number: 1 },
    intervalEnd: '2026-01-04T06:00:00.000Z',
  })
  expect(await shop.log(run.id, 'say')).toBe('2026-01-03T06:00:00.000Z 2026-01-04T06:00:00.000Z\n')
  expect((await ask('POST', `${at}/1/cancel`, {})).body.message).toBe('Backfill 1 is finished already.')
  expect((await ask('GET', `${at}/9`)).status).toBe(404)
})

test('each option of a backfill by REST: version, schedule with its params, what to reprocess, order, params', async () => {
  const front = (n: number) =>
    `params: {n: {type: integer, default: 1}, m: {type: integer, default: 2}}\nschedule:\n  - {cron: "0 6 * * *"}\n  - {cron: "0 7 * * *", params: {n: ${n}}}\n`
  const say = (n: number) =>
    dag('opts', front(n)).replace('echo hi', 'echo "$DAGBOK_PARAM_N $DAGBOK_PARAM_M"')
  await push('opts', { opts: say(5) })
  await push('opts', { opts: say(6) })
  const at = '/dags/main/opts/opts'
  const schema = async (query: string) => {
    const { n, m } = (await ask('GET', `${at}/params${query}`)).body.properties
    return [n.default, m.default]
  }
  expect(await schema('')).toEqual([1, 2])
  expect(await schema('?schedule=1')).toEqual([1, 2])
  expect(await schema('?schedule=2')).toEqual([6, 2])
  expect(await schema('?schedule=2&version=v1')).toEqual([5, 2])
  expect((await ask('GET', `${at}/params?schedule=3`)).body.message).toContain('has 2 schedules, so none')

  const range = { from: '2026-01-01', to: '2026-01-02', schedule: 2 }
  const preview = await ask(
    'GET',
    `${at}/backfills/preview?${new URLSearchParams({ ...range, schedule: '2' })}`,
  )
  expect(preview.body).toMatchObject({ version: 2, params: { n: 6, m: 2 }, plans: { run: 2 } })
  const done = async (number: number) =>
    shop.until(async () => {
      const { body } = await ask('GET', `${at}/backfills/${number}`)
      return body.endedAt === null ? null : body
    })
  await ask('POST', `${at}/backfills`, { ...range, version: 'v1', params: { m: 9 } })
  expect(await done(1)).toMatchObject({ version: 1, params: { n: 5, m: 9 }, progress: { succeeded: 2 } })
  expect((await ask('POST', `${at}/backfills`, { ...range, reprocess: 'failed' })).body.message).toContain(
    'There is nothing to run',
  )
  const again = { ...range, reprocess: 'completed', order: 'newest', concurrency: 1 }
  await ask('POST', `${at}/backfills`, again)
  expect(await done(2)).toMatchObject({ version: 2, order: 'newest', progress: { dates: 2, succeeded: 2 } })
  const runs = (await ask('GET', `${at}/runs`)).body as { id: string; logicalDate: string }[]
  expect(runs.slice(0, 2).map(({ logicalDate }) => logicalDate.slice(0, 10))).toEqual([
    '2026-01-01',
    '2026-01-02',
  ])
  expect(await shop.log(runs[0]?.id ?? '', 'say')).toBe('6 2\n')
  expect(await shop.log(runs[2]?.id ?? '', 'say')).toBe('5 9\n')
})

async function call(at: string, body: string, headers: Record<string, string>) {
  const [team = '', repo = '', name = ''] = at.split('/')
  const response = await hook(
    new Request(`http://dagbok.test/api/hooks/${at}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body,
    }),
    { params: Promise.resolve({ team, repo, dag: name }) },
  )
  return { status: response.status, body: (await response.json()) as Record<string, string> }
}
const signed = (secret: string, id: string, body: string, when = new Date()) => ({
  'webhook-id': id,
  'webhook-timestamp': String(Math.floor(when.getTime() / 1000)),
  'webhook-signature': new Webhook(secret).sign(id, when, body),
})

test('[S6] a webhook starts a run for who has its secret, once for each message, and keeps the secret nowhere', async () => {
  const front = 'params: {event: {type: object, default: {}}}\non: {webhook: {param: event}}\n'
  await push('hooks', { hooked: dag('hooked', front), deaf: smallDag('deaf') })
  const at = 'main/hooks/hooked'
  const nothing = await call(at, '{}', { authorization: 'Bearer none' })
  expect(nothing.status).toBe(401)
  const made = await ask('POST', `/dags/${at}/webhook`, {})
  expect(made).toMatchObject({ status: 201, body: { url: 'http://dagbok.test/api/hooks/main/hooks/hooked' } })
  const { secret } = made.body
  const [kept] = await database().client`select * from dag_webhook`
  expect(JSON.stringify(kept)).not.toContain(secret.slice('whsec_'.length))

  const body = '{"n": 7}'
  const taken = await call(at, body, signed(secret, 'msg_1', body))
  expect(taken).toMatchObject({ status: 202, body: { url: 'http://dagbok.test/main/hooks/hooked/runs/1' } })
  expect((await ask('GET', `/runs/${taken.body['id']}`)).body).toMatchObject({
    trigger: 'webhook',
    why: 'Triggered by its webhook.',
    params: { event: { n: 7 } },
  })
  expect((await call(at, body, { authorization: `Bearer ${secret}` })).status).toBe(202)

  const replay = await call(at, body, signed(secret, 'msg_1', body))
  expect([replay.status, replay.body['message']]).toEqual([
    409,
    'The message msg_1 was taken before: it started run 1.',
  ])
  const old = new Date(Date.now() - 3_600_000)
  for (const headers of [
    signed(secret, 'msg_2', body, old),
    signed(secret, 'msg_3', '{"n": 8}'),
    { ...signed(secret, 'msg_4', body), 'webhook-id': 'msg_5' },
    { authorization: `Bearer ${secret}x` },
    {},
  ])
    expect(await call(at, body, headers)).toEqual(nothing)
  expect(await call('main/hooks/none', body, { authorization: `Bearer ${secret}` })).toEqual(nothing)
  expect(await call('main/hooks/deaf', body, { authorization: `Bearer ${secret}` })).toEqual(nothing)
  const text = 'not json'
  expect((await call(at, text, signed(secret, 'msg_6', text))).body['message']).toContain(
    'cannot be read as that',
  )
  const wrong = await call(at, '7', signed(secret, 'msg_7', '7'))
  expect([wrong.status, wrong.body['message']]).toEqual([
    400,
    "The params do not fit: 'event' must be object.",
  ])
  expect((await call(at, ' '.repeat(2 ** 20 + 1), { authorization: `Bearer ${secret}` })).status).toBe(413)

  await ask('POST', `/dags/${at}/pause`, {})
  expect((await call(at, body, signed(secret, 'msg_8', body))).body['message']).toContain('hooked is paused')
  const refused = (await ask('GET', `/dags/${at}`)).body.refused as { trigger: string; why: string }[]
  expect(refused.map(({ trigger, why }) => [trigger, why])).toEqual(
    [
      'hooked is paused: send it again when it is resumed.',
      "The params do not fit: 'event' must be object.",
      'The body says it is JSON, and cannot be read as that.',
      'The message msg_1 was taken before: it started run 1.',
    ].map((why) => ['webhook', why]),
  )
  await call(at, body, signed(secret, 'msg_9', body))
  expect((await ask('GET', `/dags/${at}`)).body.refused, 'the same is noted once').toEqual(refused)
  await ask('POST', `/dags/${at}/resume`, {})
  const second = (await ask('POST', `/dags/${at}/webhook`, {})).body.secret
  expect((await call(at, body, { authorization: `Bearer ${secret}` })).status).toBe(401)
  expect((await call(at, body, { authorization: `Bearer ${second}` })).status).toBe(202)
  expect((await ask('DELETE', `/dags/${at}/webhook`)).status).toBe(200)
  expect((await call(at, body, { authorization: `Bearer ${second}` })).status).toBe(401)
  const silent = (await ask('POST', '/dags/main/hooks/deaf/webhook', {})).body.secret
  expect((await call('main/hooks/deaf', body, { authorization: `Bearer ${silent}` })).body['message']).toBe(
    'v1 of deaf has no `on: {webhook: true}`: push one that has.',
  )
})

test('a success starts the DAG of another repository, and its run names the run that did', async () => {
  await push('up', { source: smallDag('source') })
  await push('down', { after: dag('after', 'on: {success_of: up/source}\n') })
  const first = await ask('POST', '/dags/main/up/source/runs', {})
  const run = await shop.until(async () => {
    const { body } = await ask('GET', '/dags/main/down/after/runs')
    return body[0]
  })
  expect(run).toMatchObject({
    trigger: 'success_of',
    why: 'Triggered by success of up/source run 1.',
    causes: [{ run: first.body.id, number: 1, url: 'http://dagbok.test/main/up/source/runs/1' }],
  })
})

test('a push that lets DAGs wait for each other in a circle is refused, also across repositories', async () => {
  await push('round', { one: dag('one', 'on: {success_of: trip/two}\n') })
  const tree = await shop.hosted.work('trip', {
    'two/two.dag.md': dag('two', 'on: {outputs: {any: [round/one.say.o]}}\n'),
  })
  await tree.commit('Two')
  expect(await tree.fails('push', shop.hosted.remote('trip'), 'main')).toContain(
    'error: two/two.dag.md:1:1 DAGs would start each other for ever: trip/two waits for round/one waits for trip/two.',
  )
  const self = await shop.hosted.work('self', { 'me/me.dag.md': dag('me', 'on: {success_of: self/me}\n') })
  await self.commit('Me')
  expect(await self.fails('push', shop.hosted.remote('self'), 'main')).toContain('self/me waits for self/me')
})

test('[S1] what another team’s member asks of it is not there', async () => {
  const [other] = await database().client<{ id: string }[]>`
    with t as (insert into team (name) values ('other') returning id),
      u as (insert into "user" (name, email) values ('Other', 'other@localhost') returning id),
      m as (insert into member (team_id, user_id, role) select t.id, u.id, 'owner' from t, u)
    select id from u`
  const { secret } = await createToken(database(), other?.id ?? '', 'theirs', null)
  const at = '/dags/main/fill/past'
  for (const [method, path, body] of [
    ['GET', '/backfills', undefined],
    ['GET', '/backfills/1', undefined],
    ['GET', '/backfills/1/dates', undefined],
    ['GET', '/backfills/preview?from=2026-01-01&to=2026-01-02', undefined],
    ['POST', '/backfills', { from: '2026-01-01', to: '2026-01-02' }],
    ['POST', '/backfills/1/pause', {}],
    ['POST', '/backfills/1/resume', {}],
    ['POST', '/backfills/1/cancel', {}],
    ['POST', '/pause', {}],
    ['POST', '/resume', {}],
    ['GET', '/audit', undefined],
    ['POST', '/webhook', {}],
    ['DELETE', '/webhook', undefined],
  ] as const)
    expect((await ask(method, `${at}${path}`, body, secret)).status, `${method} ${path}`).toBe(404)
})
