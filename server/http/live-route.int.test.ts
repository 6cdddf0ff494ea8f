import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { GET as live } from '#app/api/live/route.ts'
import { announce } from '#db/queries/live.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { createToken } from '../services/token/tokens.ts'
import { openWeb } from '../testing/web.ts'
import { webContext } from '../web-context.ts'
import { startHosted, type Hosted } from '../testing/hosted.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
  openWeb(hosted.ctx)
  await webContext().live.start()
})
afterAll(() => hosted.close())

test('who goes while it is asked whether they are still signed in does no harm', async () => {
  const unhandled = vi.fn()
  process.on('unhandledRejection', unhandled)
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
  try {
    const headers = { authorization: `Bearer ${hosted.token}` }
    const response = await live(new Request('http://dagbok.test/api/live?topics=dag:*', { headers }))
    const reader = response.body?.getReader()
    await reader?.read()
    await database().transaction(async (tx) => {
      await tx.execute('lock table api_token in access exclusive mode')
      vi.advanceTimersByTime(20_000)
      // The question is with the database: whoever asked goes.
      const asked = () =>
        database()
          .client`select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()`
      while ((await asked()).length === 0);
      await reader?.cancel()
    })
    // The question takes two statements; by the end of these it has its answer.
    for (let i = 0; i < 20; i++) await database().client`select count(*) from api_token`
    expect(unhandled).not.toHaveBeenCalled()
  } finally {
    vi.useRealTimers()
    process.off('unhandledRejection', unhandled)
  }
})

/** One of each kind that topics name, of a team; `{run: ID, …}` with the team's own id under `team`. */
async function belongings(team: string): Promise<Record<string, string>> {
  const [row] = await database().client<Record<string, string>[]>`
    with p as (insert into repository (team_id, name, default_branch) values (${team}, 'live', 'main') returning id),
      d as (insert into dag (repository_id, name) select id, 'live' from p returning id)
    select p.id as repository, d.id as dag from p, d`
  if (row === undefined) throw new Error('nothing was made')
  const [version] = await database().client<{ id: string }[]>`
    insert into version (dag_id, number, bundle_hash, bundle, path, spec, commit_sha, author_name, author_email, subject, committed_at)
    values (${row['dag']}, 1, 'x', '[]', 'x.dag.md', '{}', 'c', 'a', 'e', 's', now()) returning id`
  const [run] = await database().client<{ id: string; attempt: string }[]>`
    with r as (insert into run (dag_id, version_id, number, trigger, params) values (${row['dag']}, ${version?.id}, 1, 'manual', '{}') returning id),
      t as (insert into task_run (run_id, task, index) select id, 't', 0 from r returning id, run_id),
      a as (insert into attempt (task_run_id, run_id, n, token, executor) select id, run_id, 1, ${randomUUID()}, 'process' from t returning id)
    select r.id, a.id as attempt from r, a`
  return { ...row, team, run: run?.id ?? '', attempt: run?.attempt ?? '' }
}

const kinds = [
  ['run', 'run'],
  ['dag', 'dag'],
  ['versions', 'dag'],
  ['repository', 'repository'],
  ['log', 'attempt'],
  ['pool', 'team'],
  ['secret', 'team'],
  ['worker', 'team'],
] as const

test.for([
  ['a member of its team, who asks for it', 'mine', (topic: string) => topic, true],
  [
    'a member of its team, who asks for all of its kind',
    'mine',
    (topic: string) => topic.replace(/:.*/, ':*'),
    true,
  ],
  ['who only looks at its team', 'viewer', (topic: string) => topic, true],
  ['another team, which asks for it', 'other', (topic: string) => topic, false],
  [
    'another team, which asks for all of its kind',
    'other',
    (topic: string) => topic.replace(/:.*/, ':*'),
    false,
  ],
] as const)('[S1] a topic is heard, or not, by %s', async ([_who, who, asks, hears]) => {
  const db = database().client
  const name = `${who} ${randomUUID()}`
  const [team] = await db<{ id: string }[]>`insert into team (name) values (${name}) returning id`
  const [user] = await db<
    { id: string }[]
  >`insert into "user" (name, email) values ('U', ${name}) returning id`
  const [other] = await db<
    { id: string }[]
  >`insert into team (name) values (${`other of ${name}`}) returning id`
  const its = await belongings(team?.id ?? '')
  await db`insert into member (team_id, user_id, role) values (
    ${who === 'other' ? other?.id : team?.id}, ${user?.id}, ${who === 'viewer' ? 'viewer' : 'owner'})`
  const { secret } = await createToken(database(), user?.id ?? '', 't', null)
  const topics = kinds.map(([kind, of]) => `${kind}:${its[of]}`)
  // A topic of nothing is nobody's; and what is heard last says that nothing else comes.
  const last = `pool:${other?.id}`
  await db`insert into member (team_id, user_id, role) values (${other?.id}, ${user?.id}, 'viewer') on conflict do nothing`
  const wanted = [...topics.map(asks), last].join(',')
  const response = await live(
    new Request(`http://dagbok.test/api/live?topics=${wanted}`, {
      headers: { authorization: `Bearer ${secret}` },
    }),
  )
  const reader = (response.body as ReadableStream<Uint8Array>).getReader()
  let said = ''
  const until = async (text: string) => {
    while (!said.includes(text)) said += new TextDecoder().decode((await reader.read()).value)
  }
  await until('retry')
  for (const topic of [...topics, `run:${randomUUID()}`, 'secret:of-nobody'])
    await announce(database(), [topic])
  // Asked for one after the other: the answers to what came before are there.
  for (const topic of topics) await webContext().live.teamOf(topic)
  await announce(database(), [last])
  await until(last)
  await reader.cancel()
  const heard = said.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice(6)] : []))
  expect(heard.filter((topic) => topic !== last).toSorted()).toEqual(hears ? topics.toSorted() : [])
})
