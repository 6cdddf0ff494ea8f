import { expect, test } from 'vitest'
import { compareTables, type TablePair } from './table-comparer.ts'
import { TableProcess } from './table-process.ts'

const pair = (before: string, after: string): TablePair => ({
  before: Buffer.from(before),
  after: Buffer.from(after),
  delimiter: ',',
  declared: { key: ['id'], tolerance: null },
  onlyDifferences: true,
  offset: 0,
  limit: 10,
})
const table = (rows: number, of: (row: number) => string) =>
  `id,v\n${Array.from({ length: rows }, (_, i) => `${i},${of(i)}\n`).join('')}`

test('the process gives what the comparison gives, for several that ask at once', async () => {
  const apart = new TableProcess()
  const pairs = [
    pair('id,v\n1,a\n2,b\n', 'id,v\n1,a\n2,c\n3,d\n'),
    pair('id\n1\n', 'other\n1\n'),
    pair('"', 'id\n'),
  ]
  const diffs = await Promise.all(pairs.map((one) => apart.compare(one)))
  expect(diffs).toEqual(pairs.map((one) => compareTables(one)))
  expect(diffs[0]?.counts).toEqual({ added: 1, removed: 0, changed: 1, same: 1 })
  expect(diffs[2]?.problem).toBe('one of them is no table')
})

test('a large table keeps nobody else waiting, and the event loop goes on meanwhile', async () => {
  const apart = new TableProcess()
  let turns = 0
  const turning = setInterval(() => turns++, 1)
  const large = pair(
    table(60_000, () => 'a'),
    table(60_000, (i) => (i % 2 === 0 ? 'a' : 'b')),
  )
  turns = 0
  const { counts } = await apart.compare(large)
  clearInterval(turning)
  expect(counts.changed).toBe(30_000)
  expect(turns).toBeGreaterThan(5)
})

test('what takes too long or too much memory is refused, and the next pair is compared', async () => {
  const small = pair('id,v\n1,a\n', 'id,v\n1,b\n')
  const large = pair(
    table(400_000, () => 'a'),
    table(400_000, () => 'b'),
  )
  const slow = new TableProcess({ ms: 1 })
  await expect(slow.compare(large)).rejects.toMatchObject({ code: 'too_large' })
  const narrow = new TableProcess({ heapMb: 40 })
  await expect(narrow.compare(large)).rejects.toMatchObject({ code: 'too_large' })
  expect((await narrow.compare(small)).counts.changed).toBe(1)
  const busy = new TableProcess({ waiting: 1 })
  const first = busy.compare(small)
  await expect(busy.compare(small)).rejects.toMatchObject({ code: 'too_many' })
  await first
})
