/** What is kept of each attempt, over REST, of real processes. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET as handle } from '#app/api/v1/[...path]/route.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { openWeb } from '#server/testing/web.ts'
import { openWorkshop, type Workshop } from '#workers/testing/workshop.ts'
import type { AttemptRecord } from '../views/attempt.ts'

const { database } = testDatabase()
let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop(database())
  openWeb(shop.hosted.ctx)
})
afterAll(() => shop.close())

async function read(path: string): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await handle(
    new Request(`http://dagbok.test/api/v1${path}`, {
      headers: { authorization: `Bearer ${shop.hosted.token}` },
    }),
  )
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const notebook = `dagbok: 1
id: kept
params:
  n: {type: integer, default: 3}
tasks:
  - id: make
    outputs: {table: t.csv}
    script: {lang: bash, text: 'printf "a\\n1\\n" > "$DAGBOK_OUT/t.csv"'}
  - id: use
    needs: [make]
    retries: 1
    retry_delay: 10ms
    inputs: {table: "\${{ tasks.make.outputs.table }}", part: ./part.txt}
    env: {PUBLISH_TOKEN: hunter22, WHERE: "https://x:hunter22@y"}
    args: ["\${{ params.n }}", "--token=hunter22"]
    outputs: {copy: c.csv}
    metrics: {tries: {}}
    script:
      lang: bash
      text: |
        echo "{\\"tries\\": $DAGBOK_ATTEMPT}" >> "$DAGBOK_METRICS"
        if [ "$DAGBOK_ATTEMPT" = 1 ]; then exit 3; fi
        cp "$DAGBOK_IN_TABLE" "$DAGBOK_OUT/c.csv"
`

test('each attempt keeps what it was given, did and left; the next one changes nothing of it', async () => {
  const tree = await shop.hosted.work('kept', { 'd/kept.dag.yaml': notebook, 'd/part.txt': 'part' })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('kept'), 'main')
  const { id } = await shop.ended('kept', 1)
  const attempt = async (n: number) =>
    (await read(`/runs/${id}/tasks/use/attempts/${n}`)).body as unknown as AttemptRecord
  const [first, second] = [await attempt(1), await attempt(2)]

  expect(first).toMatchObject({
    n: 1,
    state: 'failed',
    reason: 'user_error',
    exitCode: 3,
    executor: 'process',
    worker: { host: 'test', pid: process.pid },
    metrics: [{ name: 'tries', value: 1 }],
    outputs: [],
  })
  expect(second).toMatchObject({
    n: 2,
    state: 'succeeded',
    exitCode: 0,
    metrics: [{ name: 'tries', value: 2 }],
    outputs: [{ name: 'copy', path: 'c.csv', size: 4 }],
  })
  const { given } = second
  expect(given).toMatchObject({
    params: { n: 3 },
    action: { kind: 'script', lang: 'bash', args: ['3', '--token=•••'] },
    folder: 'd',
    env: { PUBLISH_TOKEN: '•••', WHERE: 'https://x:•••@y', DAGBOK_PARAM_N: '3', DAGBOK_ATTEMPT: '2' },
    inputs: {
      table: { kind: 'file', path: 't.csv', size: 4, hash: second.outputs[0]?.hash },
      part: { kind: 'repository_file', path: 'd/part.txt' },
    },
  })
  expect(first.given?.env['DAGBOK_ATTEMPT']).toBe('1')
  expect(given?.inputs['part']).toMatchObject({ blob: expect.stringMatching(/^[0-9a-f]{40}$/) as string })
  expect(second.argv).toEqual(['bash', '-eo', 'pipefail', '.dagbok-use.sh', '3', '--token=•••'])
  expect(first.events.map(({ what }) => what)).toEqual([
    'Claimed for the worker on test.',
    'Its process was ready and waited for its start gate.',
    'The start gate was passed: its code began.',
    'Failed. It ended with exit code 3.',
  ])
  const times = [second.createdAt, second.submittedAt, second.startedAt, second.endedAt]
  expect(times).toEqual(times.toSorted((a, b) => Date.parse(a ?? '') - Date.parse(b ?? '')))

  // [S6] Neither the secret nor a fencing token is in what is kept or shown.
  const rows = await database().client<{ token: string; kept: string }[]>`
    select token::text, record::text || handle::text as kept from attempt`
  expect(rows.length).toBeGreaterThan(2)
  for (const { token, kept } of rows)
    for (const secret of ['hunter22', token]) {
      expect(kept).not.toContain(secret)
      expect(JSON.stringify([first, second])).not.toContain(secret)
    }
  expect(await read(`/runs/${id}/tasks/use/attempts/3`)).toEqual({
    status: 404,
    body: { code: 'not_found', message: 'use of run 1 has no attempt 3.' },
  })
})

async function post(path: string, body: unknown): Promise<number> {
  const response = await handle(
    new Request(`http://dagbok.test/api/v1${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${shop.hosted.token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  )
  return response.status
}

const holding = `dagbok: 1
id: ended
tasks:
  - {id: marked, command: [sleep, "600"]}
  - {id: held, command: [sleep, "600"]}
`

/** Resolves when the attempt of a task of the newest run of a DAG is in this state; gives its run. */
const attemptIs = (dag: string, task: string, state: string) =>
  shop.until(async () => {
    const [row] = await database().client<{ run: string }[]>`
      select a.run_id as run from attempt a join task_run t on t.id = a.task_run_id
      join run r on r.id = a.run_id join dag d on d.id = r.dag_id
      where d.name = ${dag} and t.task = ${task} and a.state::text = ${state}`
    return row?.run ?? null
  })

const lastWords = async (run: string, task: string) =>
  ((await read(`/runs/${run}/tasks/${task}/attempts/1`)).body as unknown as AttemptRecord).events
    .map(({ what }) => what)
    .slice(3)

test('an attempt says what ended it: a mark by hand, also when its run was cancelled afterwards; a cancel; the time of its run', async () => {
  const tree = await shop.hosted.work('ended', { 'd/ended.dag.yaml': holding })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('ended'), 'main')
  await attemptIs('ended', 'held', 'running')
  const run = await attemptIs('ended', 'marked', 'running')
  expect(await post(`/runs/${run}/tasks/marked/mark`, { as: 'succeeded', reason: 'seen by eye' })).toBe(200)
  // Nobody is told of the end of an attempt whose task has ended before.
  const state = async () => (await read(`/runs/${run}/tasks/marked/attempts/1`)).body['state']
  await expect.poll(state, { interval: 20, timeout: 30_000 }).toBe('cancelled')
  expect(await lastWords(run, 'marked')).toEqual([
    'Owner marked it as succeeded: seen by eye',
    'Cancelled. Owner marked its task as succeeded.',
  ])
  expect(await post(`/runs/${run}/cancel`, {})).toBe(200)
  await shop.ended('ended', 1)
  expect(await lastWords(run, 'marked')).toEqual([
    'Owner marked it as succeeded: seen by eye',
    'Cancelled. Owner marked its task as succeeded.',
  ])
  expect(await lastWords(run, 'held')).toEqual([
    'Owner asked for the end of its run.',
    'Cancelled. Owner cancelled the run.',
  ])

  const late = await shop.hosted.work('late', {
    'late.dag.yaml': holding.replace('id: ended', 'id: late\nlimits: {run_timeout: 2s}'),
  })
  await late.commit('First')
  await late.git('push', '-q', '-o', 'run', shop.hosted.remote('late'), 'main')
  const { id } = await shop.ended('late', 1)
  expect(await lastWords(id, 'held')).toEqual(['Failed. Its run took longer than its `run_timeout`.'])
})

const told = `dagbok: 1
id: told
description: Scores the day.
owners: [science, Edith]
tasks:
  - id: send
    description: Sends the scores.
    effects: Writes to the mailing list.
    image: busybox
    resources: {cpu: 500m, memory: 64Mi}
    command: [printf, sent]
  - id: rest
    command: [printf, rested]
`

test('what a DAG and a task say of themselves is told with them, and what a task does without', async () => {
  const tree = await shop.hosted.work('told', { 'd/told.dag.yaml': told })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('told'), 'main')
  const { id } = await shop.ended('told', 1)
  expect((await read('/dags/main/told/told')).body).toMatchObject({
    description: 'Scores the day.',
    owners: ['science', 'Edith'],
  })
  expect((await read(`/runs/${id}`)).body).toMatchObject({
    described: { send: { description: 'Sends the scores.', effects: 'Writes to the mailing list.' } },
    ignored: { send: { image: 'busybox', cpu: 0.5 } },
  })
  // Builds before had no such keys.
  await database().client`
    update version set spec = jsonb_set(spec, '{tasks,0}', (spec->'tasks'->0) - 'effects') - 'owners'
    where spec->>'id' = 'told'`
  expect((await read('/dags/main/told/told')).body).toMatchObject({ owners: [] })
  expect((await read(`/runs/${id}`)).body).toMatchObject({
    described: { send: { description: 'Sends the scores.', effects: null } },
  })
})
