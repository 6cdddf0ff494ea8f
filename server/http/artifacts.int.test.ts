/** Logs and outputs by REST where a task is expanded: `?key=` names the item. */
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { GET as getLog } from '#app/api/v1/runs/[id]/tasks/[task]/attempts/[n]/log/route.ts'
import { GET as getOutput } from '#app/api/v1/runs/[id]/tasks/[task]/outputs/[name]/route.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { S3Store } from '#server/storage/stores/s3/s3-store.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { openWeb } from '#server/testing/web.ts'
import { outputResponse } from './artifacts.ts'
import { openWorkshop, type Workshop } from '#workers/testing/workshop.ts'

const { database } = testDatabase()
let shop: Workshop
let run = ''

const fence = '```'
const sides = `---
dagbok: 1
id: sides
---

${fence}yaml task
id: sort
matrix: {side: [left, right], k: [1, 2]}
outputs: {said: said.txt}
${fence}
${fence}bash script
echo "log of $DAGBOK_MATRIX_SIDE $DAGBOK_MATRIX_K"
echo "output of $DAGBOK_MATRIX_SIDE $DAGBOK_MATRIX_K" > "$DAGBOK_OUT/said.txt"
${fence}
`

beforeAll(async () => {
  shop = await openWorkshop(database())
  openWeb(shop.hosted.ctx)
  const tree = await shop.hosted.work('expanded', { 'sides.dag.md': sides })
  await tree.commit('First')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('expanded'), 'main')
  run = (await shop.ended('sides', 1)).id
})
afterAll(() => shop.close())

const asked = (key: string | null, range?: string) =>
  new Request(`http://dagbok.test/${key === null ? '' : `?key=${encodeURIComponent(key)}`}`, {
    headers: { authorization: `Bearer ${shop.hosted.token}`, ...(range === undefined ? {} : { range }) },
  })
const log = (key: string | null, range?: string) =>
  getLog(asked(key, range), { params: Promise.resolve({ id: run, task: 'sort', n: '1' }) })
const output = (key: string | null, range?: string) =>
  getOutput(asked(key, range), { params: Promise.resolve({ id: run, task: 'sort', name: 'said' }) })

test.each(['left 1', 'left 2', 'right 1', 'right 2'])(
  'the log and the output of the item %s are its own, whole and by range',
  async (item) => {
    const [side = '', k = ''] = item.split(' ')
    const key = `side=${side},k=${k}`
    expect(await (await log(key)).text()).toBe(`log of ${item}\n`)
    expect(await (await output(key)).text()).toBe(`output of ${item}\n`)
    const end = await output(key, 'bytes=-2')
    expect([end.status, await end.text()]).toEqual([206, `${k}\n`])
    expect(await (await log(key, 'bytes=7-')).text()).toBe(`${item}\n`)
  },
)

test.each([[null], ['side=up,k=1'], ['k=1,side=left'], ['side=left']])(
  'the key %s names no item, and it is said how to name one',
  async (key) => {
    for (const refused of [await log(key), await output(key)])
      expect([refused.status, await refused.json()]).toEqual([
        404,
        { code: 'not_found', message: 'sort is expanded: name one of its items with ?key=.' },
      ])
  },
)

const noS3 = await whyNoS3()

/** With its outputs in a bucket. @param outside whether browsers reach it */
async function inBucket(outside: boolean): Promise<S3Store> {
  const server = await S3Server.open()
  const address = { ...server.address('direct'), publicEndpoint: outside ? server.url() : null }
  const patience = { callMs: 20_000, tryMs: 10_000, slowest: 1000 }
  const artifacts = new S3Store({ address, keys: server.keys, patience }, 'web')
  await artifacts.put(Buffer.from('output of left 1\n'))
  openWeb({ ...shop.hosted.ctx, artifacts })
  onTestFinished(async () => {
    openWeb(shop.hosted.ctx)
    artifacts.close()
    await server.close()
  })
  return artifacts
}

const authorization = () => ({ authorization: `Bearer ${shop.hosted.token}` })
const directly = () =>
  getOutput(new Request('http://dagbok.test/?direct=1&key=side=left,k=1', { headers: authorization() }), {
    params: Promise.resolve({ id: run, task: 'sort', name: 'said' }),
  })

test('an output in a bucket that browsers reach is had from there, by an address that needs no token', async ({
  skip,
}) => {
  skip(noS3 !== null, noS3 ?? '')
  const artifacts = await inBucket(true)
  const sent = await directly()
  expect([sent.status, sent.headers.get('cache-control')]).toEqual([307, 'no-store'])
  const answer = await fetch(sent.headers.get('location') ?? '')
  expect(await answer.text()).toBe('output of left 1\n')
  expect(answer.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''said.txt")
  // Who does not ask for it, and a page behind a share link, which can be revoked at once, get the bytes from us.
  expect((await output('side=left,k=1')).status).toBe(200)
  const { hash } = await artifacts.put(Buffer.from('output of left 1\n'))
  const [attempt] = await database().client<{ id: string }[]>`
    select attempt_id as id from output where hash = ${hash} limit 1`
  const shared = await outputResponse(
    { ...shop.hosted.ctx, artifacts },
    new Request('http://dagbok.test/?direct=1'),
    attempt?.id ?? '',
    'said',
  )
  expect(shared.status).toBe(200)
})

test('an output in a bucket that only the server reaches, or in a folder, comes from the server', async ({
  skip,
}) => {
  expect([(await directly()).status, await (await directly()).text()]).toEqual([200, 'output of left 1\n'])
  skip(noS3 !== null, noS3 ?? '')
  await inBucket(false)
  expect([(await directly()).status, await (await directly()).text()]).toEqual([200, 'output of left 1\n'])
})
