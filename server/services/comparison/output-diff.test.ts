import { Readable } from 'node:stream'
import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import type { ServiceContext } from '../context.ts'
import { diffImages, diffTexts } from './output-diff.ts'

const contextOf = (files: Record<string, Buffer>) =>
  ({
    artifacts: {
      read: (hash: string, range = { start: 0, end: Infinity }) =>
        Promise.resolve(Readable.from([(files[hash] ?? Buffer.alloc(0)).subarray(range.start, range.end)])),
    },
  }) as unknown as ServiceContext
const cell = (hash: string) => ({ hash, size: 100, mediaType: 'image/png', url: '' })

const small = (grey: number) => {
  const png = new PNG({ width: 2, height: 1 })
  png.data.fill(grey)
  return PNG.sync.write(png)
}

test('pictures are compared by pixels', async () => {
  const ctx = contextOf({ a: small(0xff), b: small(0x80) })
  expect(await diffImages(ctx, cell('a'), cell('b'))).toMatchObject({ ratio: 1 })
  expect(await diffImages(ctx, cell('a'), cell('a'))).toMatchObject({ ratio: 0 })
})

test('[S8] a small file that says it is a picture of a billion pixels is not unpacked', async () => {
  const huge = Buffer.from(small(0xff))
  huge.writeUInt32BE(30_000, 16)
  huge.writeUInt32BE(30_000, 20)
  await expect(diffImages(contextOf({ a: huge, b: huge }), cell('a'), cell('b'))).rejects.toMatchObject({
    code: 'too_large',
  })
})

test('what begins like a picture and is none has no comparison', async () => {
  const ctx = contextOf({ a: small(0xff), b: small(0xff).subarray(0, 30), c: Buffer.from([0x89, 0x50]) })
  expect(await diffImages(ctx, cell('a'), cell('b'))).toBeNull()
  expect(await diffImages(ctx, cell('c'), cell('a'))).toBeNull()
})

const text = (hash: string, mediaType = 'text/plain', size = 100) => ({ hash, size, mediaType, url: '' })

test('texts are given as they are, JSON with a line for each of its parts', async () => {
  const ctx = contextOf({
    a: Buffer.from('one\ntwø'),
    b: Buffer.from('one\n'),
    json: Buffer.from('{"a":[1,{"b":null}]}'),
    broken: Buffer.from('{"a":'),
  })
  const json = 'application/json'
  expect(await diffTexts(ctx, text('a'), text('b'))).toEqual({
    before: 'one\ntwø',
    after: 'one\n',
    truncated: false,
  })
  expect(await diffTexts(ctx, text('json', json), text('json'))).toEqual({
    before: '{\n  "a": [\n    1,\n    {\n      "b": null\n    }\n  ]\n}\n',
    after: '{"a":[1,{"b":null}]}',
    truncated: false,
  })
  expect(await diffTexts(ctx, text('broken', json), text('json', json))).toMatchObject({ before: '{"a":' })
})

test('[S8] of a long text the first MiB is compared, and it is said that it goes on', async () => {
  const most = 2 ** 20
  const ctx = contextOf({ a: Buffer.alloc(3 * most, 'a'), b: Buffer.alloc(most, 'b') })
  const diff = await diffTexts(ctx, text('a', 'text/plain', 3 * most), text('b', 'text/plain', most))
  expect([diff.before.length, diff.after.length, diff.truncated]).toEqual([most, most, true])
  const whole = await diffTexts(ctx, text('b', 'text/plain', most), text('b', 'text/plain', most))
  expect(whole.truncated).toBe(false)
})
