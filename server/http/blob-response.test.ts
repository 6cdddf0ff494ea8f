import { Readable } from 'node:stream'
import { expect, test } from 'vitest'
import { blobResponse, rangeOf } from './blob-response.ts'

const text = 'hello, world'
const blob = {
  size: text.length,
  mediaType: 'text/html',
  name: 'a b.html',
  etag: 'abc',
  read: ({ start, end }: { start: number; end: number }) =>
    Readable.from([Buffer.from(text.slice(start, end))]),
}
const get = (headers: Record<string, string>) => blobResponse(new Request('http://x/', { headers }), blob)

test.each([
  ['bytes=0-4', { start: 0, end: 5 }],
  ['bytes=7-', { start: 7, end: 12 }],
  ['bytes=-5', { start: 7, end: 12 }],
  ['bytes=0-999', { start: 0, end: 12 }],
  ['bytes=12-', 'none'],
  ['bytes=-', null],
  ['items=0-1', null],
] as const)('the range %s of 12 bytes', (header, range) => {
  expect(rangeOf(header, 12)).toEqual(range)
})

test('whole, in part, not changed, out of range', async () => {
  expect(await (await get({})).text()).toBe(text)
  const part = await get({ range: 'bytes=7-' })
  expect([part.status, part.headers.get('content-range'), await part.text()]).toEqual([
    206,
    'bytes 7-11/12',
    'world',
  ])
  expect((await get({ 'if-none-match': '"abc"' })).status).toBe(304)
  expect((await get({ range: 'bytes=50-' })).status).toBe(416)
})

test("an author's page is never one of ours: it is saved, and sandboxed besides", async () => {
  const { headers } = await get({})
  expect(headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''a%20b.html")
  expect(headers.get('content-security-policy')).toContain('sandbox')
})
