/** Runs with maps of 10,000 items by REST: what is asked of them costs ten times what it costs with 1,000, not a hundred. */
import { beforeAll, expect, test } from 'vitest'
import { GET as handleGet, POST as handlePost } from '#app/api/v1/[...path]/route.ts'
import { createToken } from '#server/services/token/tokens.ts'
import { openWeb } from '#server/testing/web.ts'
import type { ReusePlan, RunDetail } from '#server/views/run.ts'
import { asOwner } from '#workers/testing/as-owner.ts'
import { scheduling, type Dag } from '#workers/testing/scheduling.ts'

/** Ten times the items may cost so much more. */
const most = 15

const { database, dag } = scheduling()
let token = ''
let made: Dag
beforeAll(async () => {
  const [ctx, actor] = await asOwner(database())
  openWeb(ctx)
  token = (await createToken(database(), actor.userId, 'tests', null)).secret
  made = await dag(
    `  - {id: m, command: [x], map: {over: "\${{ [1] }}", max_parallel: 2}}
  - {id: n, needs: [m], command: [x], map: {over: "\${{ [1] }}"}}`,
  )
})

/** What REST answers, with the CPU time (ms) that this process took for it: the machine has other work. */
async function asked(method: 'GET' | 'POST', path: string): Promise<{ body: unknown; cpu: number }> {
  const request = new Request(`http://dagbok.test/api/v1${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    ...(method === 'POST' ? { body: '{}' } : {}),
  })
  const before = process.cpuUsage()
  const response = await (method === 'GET' ? handleGet : handlePost)(request)
  const body: unknown = await response.json()
  const { user, system } = process.cpuUsage(before)
  expect(response.status, JSON.stringify(body).slice(0, 500)).toBeLessThan(300)
  return { body, cpu: (user + system) / 1000 }
}

/** A run whose two maps are expanded to so many items, in these states (SQL of `i`, from 1). */
async function bigRun(items: number, states: { m: string; n: string }, run: string): Promise<string> {
  const id = await made.run()
  const sql = database().client
  await sql`delete from task_run where run_id = ${id}`
  for (const [task, state] of Object.entries(states))
    await sql.run(`
      insert into task_run (run_id, task, key, index, item, state, ended_at, queued_at)
      select '${id}', '${task}', i::text, i - 1, to_jsonb(i), s.state::task_run_state,
        case when s.state in ('succeeded', 'failed') then now() end, now()
      from generate_series(1, ${items}) i cross join lateral (select ${state} as state) s`)
  await sql.run(`update run set ${run} where id = '${id}'`)
  return id
}

/** How many times as much CPU a question costs with 10,000 items as with 1,000: the least of two each. */
async function growth(ask: (run: string) => Promise<{ cpu: number }>, runs: { few: string; many: string }) {
  const least = async (run: string) => {
    const all: number[] = []
    for (let n = 0; n < 2; n++) all.push((await ask(run)).cpu)
    return Math.min(...all)
  }
  const few = await least(runs.few)
  return (await least(runs.many)) / few
}

test('one item, or one task, of 10,000 is run again at a cost that grows with the items, not with their square', async () => {
  const states = { m: `case when i = 7 then 'failed' else 'succeeded' end`, n: `'succeeded'` }
  const ended = `state = 'failed', ended_at = now()`
  const few = await bigRun(1000, states, ended)
  const many = await bigRun(10_000, states, ended)
  const plan = (run: string, what: string) => asked('GET', `/runs/${run}/recover?${what}`)
  const body = (await plan(many, 'task=m&key=8')).body as ReusePlan
  expect(body).toHaveLength(10_001)
  expect(body.filter(({ reused }) => !reused)).toEqual([
    { task: 'm', key: '7', reused: false, why: 'It was failed in the earlier run.' },
    { task: 'm', key: '8', reused: false, why: 'It was asked to run again.' },
    { task: 'n', key: null, reused: false, why: "'m' runs again." },
  ])
  for (const what of ['task=m&key=8', 'task=m'])
    expect(await growth((run) => plan(run, what), { few, many }), what).toBeLessThan(most)
  const recover = (run: string) => asked('POST', `/runs/${run}/recover`)
  expect(await growth(recover, { few, many }), 'recover').toBeLessThan(most)
})

test('why each of 20,000 task runs is not running costs what grows with them, not with their square', async () => {
  const states = { m: `case when i < 3 then 'running' else 'queued' end`, n: `'waiting'` }
  const running = `state = 'running', started_at = now()`
  const few = await bigRun(1000, states, running)
  const many = await bigRun(10_000, states, running)
  await database().client`
    insert into worker (id, host, pid, queues, slots) values (gen_random_uuid(), 'test', 1, '["default"]', 8)`
  const read = (run: string) => asked('GET', `/runs/${run}`)
  const { taskRuns } = (await read(many)).body as RunDetail
  const why = (task: string, key: string) =>
    taskRuns.find((one) => one.task === task && one.key === key)?.whyNotRunning?.sentence
  expect(why('m', '9999')).toBe('As many items of it run as may at once (max_parallel 2): m (1) and m (2).')
  expect(why('n', '9999')).toBe('It waits for m (1) (running).')
  expect(await growth(read, { few, many })).toBeLessThan(most)
})
