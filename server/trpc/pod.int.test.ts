/** The pods of tasks, over REST: before they run, as they ran, and where there is none. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { parse } from 'yaml'
import { GET as handle } from '#app/api/v1/[...path]/route.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { clustersOf } from '#server/config/clusters.ts'
import { openWeb } from '#server/testing/web.ts'
import { packSeen } from '#server/services/pod/last-seen.ts'
import { startHosted, type Hosted } from '#server/testing/hosted.ts'
import type { PodView } from '../views/pod.ts'

const { database } = testDatabase()
let hosted: Hosted
const one = { address: 'http://dagbok.test', agent_image: 'agent:1', image: 'base:1' }
const clusters = clustersOf(JSON.stringify({ instance: 'tests', clusters: { default: one } }), 'clusters')

const notebook = `dagbok: 1
id: pods
params:
  rows: {type: integer, default: 7}
defaults: {executor: kubernetes}
tasks:
  - id: make
    outputs: {table: t.csv}
    values: {image: {}}
    env: {API_TOKEN: hunter22, ROWS: "\${{ params.rows }}"}
    script: {lang: bash, text: 'true'}
  - id: use
    needs: [make]
    image: "\${{ tasks.make.values.image }}"
    matrix: {k: [1, 2]}
    inputs: {table: "\${{ tasks.make.outputs.table }}"}
    command: [fit, "--k=\${{ matrix.k }}", "--of=\${{ tasks.make.state }}"]
  - id: here
    executor: process
    script: {lang: bash, text: 'true'}
  - id: there
    cluster: east
    script: {lang: bash, text: 'true'}
  - id: slow
    env: {LONG: "\${{ '${'a'.repeat(60)}!'.matches('^(a+)+$') }}"}
    script: {lang: bash, text: 'true'}
  - id: wide
    service_account: admin
    script: {lang: bash, text: 'true'}
`

beforeAll(async () => {
  hosted = await startHosted(database())
  const tree = await hosted.work('pods', { 'd/pods.dag.yaml': notebook })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', hosted.remote('pods'), 'main')
  openWeb({ ...hosted.ctx, clusters })
})
afterAll(() => hosted.close())

async function read(path: string): Promise<{ status: number; body: PodView & { message?: string } }> {
  const headers = { authorization: `Bearer ${hosted.token}` }
  const response = await handle(new Request(`http://dagbok.test/api/v1${path}`, { headers }))
  return { status: response.status, body: (await response.json()) as PodView }
}
const ofVersion = (task: string, query = '') => read(`/dags/main/pods/pods/tasks/${task}/pod${query}`)
const runId = async () => (await database().client<{ id: string }[]>`select id from run`)[0]?.id ?? ''
const ofRun = async (task: string, query = '') => read(`/runs/${await runId()}/tasks/${task}/pod${query}`)
interface Main {
  image: string
  command: string[]
  env: { name: string; value: string }[]
}
const mainOf = ({ yaml }: PodView) =>
  (parse(yaml ?? '') as { spec: { containers: [Main] } }).spec.containers[0]

test('a task of a version is shown as the pod of its first attempt, with what is known only later named', async () => {
  const { body } = await ofVersion('make')
  expect(body).toMatchObject({ kind: 'planned', n: null, open: [] })
  expect(body.says).toBe('The pod that make of v1 would be, with the defaults of its params.')
  expect(mainOf(body)).toMatchObject({ image: 'base:1' })
  expect(mainOf(body).env).toContainEqual({ name: 'ROWS', value: '7' })
  expect(body.yaml).not.toContain('hunter22')
  expect(body.yaml).toContain('(given when it starts)')
  const use = (await ofVersion('use', '?key=k%3D2')).body
  expect(mainOf(use)).toMatchObject({
    image: '‹tasks.make.values.image›',
    command: ['fit', '--k=2', '--of=‹tasks.make.state›'],
  })
  expect(use.open).toEqual([
    { source: 'tasks.make.state', why: 'no run is there yet' },
    { source: 'tasks.make.values.image', why: 'no run is there yet' },
  ])
  expect(await ofVersion('use', '?key=k%3D3')).toMatchObject({
    status: 404,
    body: { message: "use has no item 'k=3': its items are k=1; k=2." },
  })
})

test('a task of a run is shown as the pod it would be, under the name it will have', async () => {
  const { body } = await ofRun('use', '?key=k%3D1')
  expect(body).toMatchObject({ kind: 'planned', n: 1, says: 'The pod that attempt 1 would be.' })
  expect(body.open.map(({ why }) => why)).toEqual(['make has not ended', 'make has not ended'])
  expect(body.yaml).toMatch(/name: dagbok-use-1-[0-9a-f]{20}\n/)
})

test('what is no pod, or has no cluster, or would be refused, is said in a sentence', async () => {
  const says = async (task: string) => (await ofVersion(task)).body.says
  expect(await says('here')).toBe('here is no pod: `process` runs it.')
  expect(await says('there')).toBe(
    'There is no cluster east in the file that DAGBOK_CLUSTERS_FILE names: default is in it.',
  )
  expect(await says('wide')).toMatch(/^Its pod would be refused: .*serviceAccountName.*admin/)
  openWeb({ ...hosted.ctx, clusters: [] })
  expect((await ofVersion('make')).body).toMatchObject({
    kind: 'none',
    yaml: null,
    says: 'This Dagbok has no cluster: whoever runs it names one in the file that DAGBOK_CLUSTERS_FILE names.',
  })
  openWeb({ ...hosted.ctx, clusters })
  expect(await ofVersion('none')).toMatchObject({
    status: 404,
    body: { message: 'v1 of pods has no task none.' },
  })
})

test('an expression that runs away is ended, and holds up nobody', async () => {
  expect(await ofVersion('slow')).toMatchObject({
    status: 400,
    body: { message: 'Its expressions take more than 2000 ms: make them smaller.' },
  })
})

test('of an attempt that ended the pod is shown as it was last seen', async () => {
  const handle = JSON.stringify({
    seen: packSeen({
      at: '2026-01-31T06:00:00.000Z',
      pod: { kind: 'Pod', status: { phase: 'Failed' } },
      events: [{ at: null, reason: 'BackOff', message: 'Back-off pulling image', container: 'main' }],
      logs: [{ container: 'gate', text: 'nobody answers\n' }],
    }),
  })
  await database().client`
    insert into attempt (task_run_id, run_id, n, token, state, reason, executor, handle, ended_at)
    select id, run_id, 1, gen_random_uuid(), 'failed', 'user_error', 'kubernetes', ${handle}::jsonb, now() from task_run where task = 'make'`
  expect((await ofRun('make')).body).toEqual({
    task: 'make',
    key: null,
    n: 1,
    kind: 'seen',
    says: 'The pod of attempt 1, as it was last seen at 2026-01-31T06:00:00.000Z.',
    yaml: 'kind: Pod\nstatus:\n  phase: Failed\n',
    open: [],
    events: [{ at: null, reason: 'BackOff', message: 'Back-off pulling image', container: 'main' }],
    logs: [{ container: 'gate', text: 'nobody answers\n' }],
  })
  expect(await ofRun('make', '?n=2')).toMatchObject({ status: 404 })
})
