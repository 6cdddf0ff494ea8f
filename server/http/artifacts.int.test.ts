/** Logs and outputs by REST where a task is expanded: `?key=` names the item. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET as getLog } from '#app/api/v1/runs/[id]/tasks/[task]/attempts/[n]/log/route.ts'
import { GET as getOutput } from '#app/api/v1/runs/[id]/tasks/[task]/outputs/[name]/route.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { openWeb } from '#server/testing/web.ts'
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
