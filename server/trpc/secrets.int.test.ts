/** Secrets of a team by their real routes; and that no route tells one, whatever became of the tasks that had them. */
import { randomBytes } from 'node:crypto'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { deleteReplacedSecrets } from '#db/queries/secret.ts'
import { testDatabase } from '#db/testing/test-database.ts'

import { byteRoutes, openApiDocument } from '#server/http/openapi.ts'
import { createToken } from '#server/services/token/tokens.ts'
import { SecretBox } from '#server/services/secret/secret-box.ts'
import { askRest } from '#server/testing/rest.ts'
import { openWeb } from '#server/testing/web.ts'
import { cell, fence, Trial } from '#workers/executors/conformance/trial.ts'
import { everyRow } from '#workers/testing/every-row.ts'
import { openWorkshop, type Workshop } from '#workers/testing/workshop.ts'

const { database } = testDatabase()
let shop: Workshop
const trial = new Trial({ executor: 'process', database, shop: () => shop })
beforeAll(async () => {
  shop = await openWorkshop(database())
  openWeb(shop.hosted.ctx)
})
afterAll(() => shop.close())

async function ask(method: string, path: string, body?: unknown, as = shop.hosted.token) {
  const response = await askRest(method, path, as, body)
  return { status: response.status, text: await response.text() }
}
const at = (name: string) => `/teams/main/secrets/${name}`
const listed = async () => JSON.parse((await ask('GET', '/teams/main/secrets')).text) as { name: string }[]

/** A token of somebody who may do less. */
async function tokenOf(role: 'editor' | 'viewer'): Promise<string> {
  const [user] = await database().client<{ id: string }[]>`
    insert into "user" (name, email) values (${role}, ${role}) returning id`
  await database()
    .client`insert into member (team_id, user_id, role) select id, ${user?.id ?? ''}, ${role} from team`
  return (await createToken(database(), user?.id ?? '', role, null)).secret
}

test('an owner sets, replaces and deletes a secret; its value is told to nobody, and what was done is on record', async () => {
  expect(await ask('PUT', at('ONE'), { value: 'canary-first' })).toEqual({ status: 200, text: '{}' })
  expect((await ask('PUT', at('ONE'), { value: 'canary-second' })).status).toBe(200)
  expect(await listed()).toEqual([
    { name: 'ONE', setBy: 'Owner', setAt: expect.any(String) as string, readable: true },
  ])
  expect(await everyRow(database())).not.toContain('canary')
  expect((await ask('DELETE', at('ONE'))).status).toBe(200)
  expect(await listed()).toEqual([])
  const gone = await ask('DELETE', at('ONE'))
  expect(gone).toMatchObject({ status: 404 })
  expect(gone.text).toContain('There is no secret ONE in main.')
  const audit = JSON.parse((await ask('GET', '/teams/main/audit')).text) as {
    verb: string
    details: unknown
  }[]
  expect(audit.slice(0, 3)).toMatchObject([
    { verb: 'secret.delete', details: { name: 'ONE' } },
    { verb: 'secret.set', details: { name: 'ONE' } },
    { verb: 'secret.set', details: { name: 'ONE' } },
  ])
})

test('what is no name and no value is refused, without telling the value', async () => {
  for (const [name, value, words] of [
    ['lower', 'canary-value', "'lower' is the name of no secret"],
    ['DAGBOK_X', 'canary-value', 'Dagbok’s own'],
    ['SHORT', 'canary', 'no line of 8 characters'],
    ['LONG', 'canary'.repeat(20_000), 'more than 32768 bytes'],
  ] as const) {
    const { status, text } = await ask('PUT', at(name), { value })
    expect(status).toBe(400)
    expect(text).toContain(words)
    expect(text).not.toContain('canary-value')
  }
  expect((await ask('PUT', at('NONE'), {})).status).toBe(400)
  expect(await listed()).toEqual([])
})

test('who is no owner sees names and sets nothing; another team has others', async () => {
  await ask('PUT', at('KEPT'), { value: 'canary-kept' })
  for (const role of ['editor', 'viewer'] as const) {
    const token = await tokenOf(role)
    expect((await ask('GET', '/teams/main/secrets', undefined, token)).text).toContain('KEPT')
    for (const [method, body] of [['PUT', { value: 'canary-other' }], ['DELETE']] as const)
      expect((await ask(method, at('KEPT'), body, token)).text).toContain('This takes the role owner')
  }
  expect((await ask('GET', '/teams/others/secrets')).status).toBe(404)
  await ask('DELETE', at('KEPT'))
})

test('set by two at once, one of the values stands', async () => {
  const all = await Promise.all(
    Array.from({ length: 8 }, (_, i) => ask('PUT', at('RACED'), { value: `canary-raced-${i}` })),
  )
  expect(all.map(({ status }) => status)).toEqual(all.map(() => 200))
  expect(await listed()).toHaveLength(1)
  await ask('DELETE', at('RACED'))
})

test('a value that was replaced goes once nobody lives who can have been given it', async () => {
  await ask('PUT', at('KEPT_ON'), { value: 'canary-before' })
  const { wait, open } = await trial.barrier()
  await trial.push('holding', [cell('id: a\nsecrets: [KEPT_ON]', 'bash', `echo begun; ${wait}`)])
  await trial.spoken('holding')
  await ask('DELETE', at('KEPT_ON'))
  // As if it had been long ago: what was replaced just now stays for an hour in any case.
  expect(await deleteReplacedSecrets(database())).toBe(0)
  await database().client`update team_secret set replaced_at = replaced_at - interval '2 hours'`
  await database().client`update attempt set created_at = created_at - interval '3 hours'`
  const values = async () =>
    (await database().client`select id from team_secret where name = 'KEPT_ON'`).length
  await deleteReplacedSecrets(database())
  expect(await values()).toBe(1)
  await open()
  await shop.ended('holding', 1)
  await deleteReplacedSecrets(database())
  expect(await values()).toBe(0)
})

test('with another key than they were kept with, a task that names one is lost with a sentence, and nothing is told', async () => {
  await ask('PUT', at('OF_ANOTHER'), { value: 'canary-of-another-key' })
  const sealed = new SecretBox('another key than that of these tests').seal(
    { teamId: 'x', name: 'x' },
    'canary',
  )
  await database().client`update team_secret set sealed = ${sealed} where name = 'OF_ANOTHER'`
  expect(await listed()).toMatchObject([{ name: 'OF_ANOTHER', readable: false }])
  const { id } = await trial.run('another-key', [
    cell('id: a\nsecrets: [OF_ANOTHER]\ninfrastructure_retries: 0', 'bash', 'echo ran'),
  ])
  expect(await trial.attempts(id)).toMatchObject([
    {
      state: 'lost',
      message: expect.stringContaining(
        'The secret OF_ANOTHER cannot be read: it was kept with another key',
      ) as string,
    },
  ])
  await ask('DELETE', at('OF_ANOTHER'))
})

/** A text as it is, without the escapes of JSON and of addresses, and all of it that may be base64, decoded at each of its four places. */
function readings(text: string): string[] {
  const plain = text.replaceAll(/\\u([0-9a-f]{4})/gi, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  )
  const base64 = [...text.matchAll(/[A-Za-z0-9+/_-]{12,}/g)].flatMap(([run]) =>
    [0, 1, 2, 3].map((from) => Buffer.from(run.slice(from), 'base64url').toString('latin1')),
  )
  const parts = text.replaceAll(/%([0-9a-f]{2})/gi, (_, code: string) =>
    String.fromCharCode(parseInt(code, 16)),
  )
  return [text, plain.replaceAll('\\"', '"').replaceAll('\\/', '/'), parts, ...base64]
}

/** Of every `GET` of the API that can be asked about a run; a new one with a name that is not here is found by the test. */
const names = (run: string, comparison: string, attemptId: string): Record<string, string> => ({
  team: 'main',
  repo: 'r-canaries',
  dag: 'canaries',
  id: run,
  number: '1',
  task: 'tell0',
  n: '1',
  name: 'x',
  attemptId,
  comparison,
})

test('[S6] none of 50 secrets is in an answer, a page of the record, a log or a row, however its task ended', async () => {
  const secrets = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [`CANARY_${i}`, `c${randomBytes(12).toString('base64url')}+%"${i}`]),
  )
  for (const [name, value] of Object.entries(secrets))
    expect((await ask('PUT', at(name), { value })).status).toBe(200)
  const known50 = Object.keys(secrets)
  const given = (from: number) => `secrets: [${known50.slice(from, from + 10).join(', ')}]`
  const tell = 'env | grep CANARY; env | grep CANARY_ | base64 -w 0; echo; env | grep CANARY_ >&2'
  const { id } = await trial.run('canaries', [
    cell(`id: tell0\n${given(0)}\noutputs: {x: {path: x.txt, optional: true}}`, 'bash', tell),
    cell(
      `id: fail\n${given(10)}\nretries: 1`,
      'bash',
      `${tell}; echo "v=$CANARY_10" >> "$DAGBOK_VALUES"; exit 1`,
    ),
    cell(`id: late\n${given(20)}\ntimeout: 1s`, 'bash', `${tell}; sleep 600`),
    cell(`id: bad\n${given(30)}`, 'bash', `${tell}; echo "{\\"$CANARY_30" >> "$DAGBOK_VALUES"`),
    `${fence}yaml task\nid: none\n${given(40)}\ncommand: ["$(CANARY_40)", "$(CANARY_41)"]\n${fence}\n`,
  ])
  const rows = await trial.attempts(id)
  expect(rows.map(({ task, reason }) => [task, reason])).toEqual([
    ['bad', 'user_error'],
    ['fail', 'user_error'],
    ['fail', 'user_error'],
    ['late', 'timeout'],
    ['none', 'bad_config'],
    ['tell0', null],
  ])
  const made = await ask('POST', '/comparisons', { name: 'with them', runs: [id] })
  const comparison = (JSON.parse(made.text) as { id?: string }).id ?? ''
  const { paths = {} } = openApiDocument('')
  const [attempt] = await database().client<{ id: string }[]>`
    select a.id from attempt a join task_run t on t.id = a.task_run_id where a.run_id = ${id} and t.task = 'tell0'`
  const known = names(id, comparison, attempt?.id ?? '')
  const asked: string[] = []
  for (const [path, operations] of Object.entries(paths)) {
    // Bytes are logs, which are read below, and outputs, which are the author's.
    if (operations.get === undefined || path in byteRoutes) continue
    const own = path.startsWith('/comparisons/') ? { ...known, id: comparison } : known
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
      const value = own[name]
      if (value === undefined) throw new Error(`say in this test what {${name}} of ${path} is`)
      return value
    })
    asked.push(path.endsWith('/log/search') ? `${target}?text=CANARY` : target)
  }
  const tasks = ['fail', 'late', 'bad', 'none']
  const ofTasks = asked.flatMap((path) => tasks.map((task) => path.replace('/tasks/tell0', `/tasks/${task}`)))
  const answers = await Promise.all([...new Set([...asked, ...ofTasks])].map((path) => ask('GET', path)))
  expect(answers.filter(({ status }) => status === 200).length).toBeGreaterThan(20)
  const logs = await Promise.all(['tell0', ...tasks].map((task) => shop.log(id, task)))
  expect(logs.join('')).toContain('CANARY_0=•••')
  const texts = [...answers.map(({ text }) => text), ...logs, await everyRow(database())]
  const all = texts.flatMap(readings).join('\n')
  const found = Object.entries(secrets).filter(([, value]) => all.includes(value))
  expect(found.map(([name]) => name)).toEqual([])
})
