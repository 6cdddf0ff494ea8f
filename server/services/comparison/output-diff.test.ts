import { Readable } from 'node:stream'
import { PNG } from 'pngjs'
import { expect, test } from 'vitest'
import type { ServiceContext } from '../context.ts'
import { diffImages } from './output-diff.ts'

const contextOf = (files: Record<string, Buffer>) =>
  ({
    artifacts: { read: (hash: string) => Promise.resolve(Readable.from([files[hash] ?? Buffer.alloc(0)])) },
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
