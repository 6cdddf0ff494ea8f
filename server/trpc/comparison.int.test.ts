/** Comparisons of more than two runs, by the procedures and by REST, on runs of a real scheduler. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { GET as handle } from '#app/api/v1/[...path]/route.ts'
import { scored } from '#cli/testing/notebooks.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { authenticateToken } from '#server/services/token/tokens.ts'
import { openWeb } from '#server/testing/web.ts'
import { openWorkshop, type Workshop } from '#workers/testing/workshop.ts'
import { webContext } from '../web-context.ts'
import { callerOf } from './router.ts'

const { database } = testDatabase()
let shop: Workshop
let api: ReturnType<typeof callerOf>
/** Eleven runs, oldest first: `n` is 1 to 11; of v1 the first nine, of v2 the last two. */
const runs: string[] = []

beforeAll(async () => {
  shop = await openWorkshop(database())
  openWeb(shop.hosted.ctx)
  api = callerOf({ services: webContext(), actor: await authenticateToken(database(), shop.hosted.token) })
  const tree = await shop.hosted.work('many', {})
  for (const [version, accuracy] of [
    [1, 0.9],
    [2, 0.95],
  ] as const) {
    await tree.write({ 'd/many.dag.md': scored('many', accuracy) })
    await tree.commit(`Accuracy ${accuracy}`)
    await tree.git('push', '-q', shop.hosted.remote('many'), 'main')
    while (runs.length < (version === 1 ? 9 : 11)) {
      const params = { n: runs.length + 1 }
      runs.push((await api.runs.start({ team: 'main', repo: 'many', dag: 'many', params })).id)
    }
    expect((await shop.ended('many', version)).state).toBe('succeeded')
  }
})
afterAll(() => shop.close())

async function rest(method: 'GET' | 'POST', path: string, body?: object) {
  const response = await handle(
    new Request(`http://dagbok.test/api/v1${path}`, {
      method,
      headers: { authorization: `Bearer ${shop.hosted.token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    }),
  )
  return { status: response.status, body: (await response.json()) as object }
}
const query = (ids: string[]) => `/compare?${ids.map((id) => `runs=${id}`).join('&')}`

test('ten runs are compared, eleven are refused with a sentence', async () => {
  const ten = runs.slice(0, 10)
  expect((await api.comparisons.get({ runs: ten })).runs.map(({ id }) => id)).toEqual(ten)
  const read = await rest('GET', query(ten))
  expect(read).toMatchObject({ status: 200, body: { runs: ten.map((id) => ({ id })) } })
  const made = await rest('POST', '/comparisons', { runs: ten })
  expect(made).toMatchObject({ status: 201, body: { comparison: { runs: ten.map((id) => ({ id })) } } })

  const message = 'runs: At most 10 runs are compared at once: leave some out.'
  const refused = { status: 400, body: { code: 'bad_input', message } }
  expect(await rest('GET', query(runs))).toEqual(refused)
  expect(await rest('POST', '/comparisons', { runs })).toEqual(refused)
  await expect(api.comparisons.get({ runs })).rejects.toThrow(message)
  await expect(api.comparisons.create({ runs })).rejects.toThrow(message)
})

test('one run, one that stands twice, and a base that is none of them are refused with a sentence', async () => {
  const [a = '', b = '', c = ''] = runs
  await expect(api.comparisons.get({ runs: [a] })).rejects.toThrow('Name at least two runs to compare.')
  await expect(api.comparisons.get({ runs: [a, b, a] })).rejects.toThrow('A run stands twice')
  const foreign = { runs: [a, b], base: c }
  await expect(api.comparisons.get(foreign)).rejects.toThrow('The base is none of the runs compared.')
  expect(await rest('POST', '/comparisons', foreign)).toMatchObject({ status: 400 })
})

test('of three runs the columns stand as they were named, and what is told is told against the base', async () => {
  const [first = '', , third = ''] = runs
  const newest = runs[10] ?? ''
  const ids = [newest, third, first]
  const figures = async (base?: string) => {
    const { metrics } = await api.comparisons.get(base === undefined ? { runs: ids } : { runs: ids, base })
    return metrics.map(({ cells }) => cells.map((cell) => [cell?.value, cell?.change]))
  }
  const compared = await api.comparisons.get({ runs: ids })
  expect([compared.base, compared.runs.map(({ id }) => id)]).toEqual([first, ids])
  expect(compared.fields.find(({ name }) => name === 'n')?.cells).toEqual([11, 3, 1])
  expect(compared.versions.map((version) => version?.after.number ?? null)).toEqual([2, null, null])
  expect(compared.outputs.map(({ cells }) => cells.map((cell) => cell?.size))).toEqual([[13, 12, 12]])
  // Without a base, the oldest run is it.
  expect(await figures()).toEqual([
    [
      [0.95, 'better'],
      [0.9, 'same'],
      [0.9, 'base'],
    ],
  ])
  expect(await figures(newest)).toEqual([
    [
      [0.95, 'base'],
      [0.9, 'worse'],
      [0.9, 'worse'],
    ],
  ])
  const place = { task: 'fit', key: null, name: 'table', run: third }
  const { table } = await api.comparisons.output({
    state: { runs: ids, base: newest },
    place,
    onlyDifferences: true,
    offset: 0,
    limit: 10,
  })
  expect(table?.rows[0]?.cells[1]).toEqual({ before: '0.95', after: '0.9', changed: true })
})

test('a task that was renamed stands in one row with what it was, under its new name; its tables are joined as declared', async () => {
  const tree = await shop.hosted.work('renamed', {})
  const ids: string[] = []
  for (const [i, task] of [
    'id: fit',
    'id: train\nrenamed_from: fit',
    'id: learn\nrenamed_from: train',
  ].entries()) {
    await tree.write({ 'd/renamed.dag.md': scored('renamed', 0.9 + i / 100).replace('id: fit', task) })
    await tree.commit(`Version ${i + 1}`)
    await tree.git('push', '-q', shop.hosted.remote('renamed'), 'main')
    ids.push((await api.runs.start({ team: 'main', repo: 'renamed', dag: 'renamed' })).id)
    expect((await shop.ended('renamed', i + 1)).state).toBe('succeeded')
  }
  const [first = '', , third = ''] = ids
  // The version between, which is not compared, has the link.
  const compared = await api.comparisons.get({ runs: [third, first] })
  const row = { task: 'learn', was: ['fit'] }
  expect(compared).toMatchObject({
    base: first,
    verdict: { word: 'better' },
    metrics: [{ ...row, better: 'higher', cells: [{ change: 'better' }, { change: 'base' }] }],
    outputs: [{ ...row, cells: [{ size: 13 }, { size: 12 }] }],
    timings: [row],
  })
  const place = { task: 'learn', key: null, name: 'table', run: third }
  const state = { runs: ids, base: first }
  const { table } = await api.comparisons.output({
    state,
    place,
    onlyDifferences: true,
    offset: 0,
    limit: 10,
  })
  expect(table?.key).toEqual(['row'])
  expect((await api.comparisons.get(state)).metrics).toMatchObject([{ task: 'learn', was: ['fit', 'train'] }])
})
