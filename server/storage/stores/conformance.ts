/** What every artifact store must do; each adapter's test runs it. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import type { ArtifactStore } from '../artifact-store.ts'

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** `chunks` pieces of 1 MiB, made as they are read. */
function* pieces(chunks: number): Generator<Buffer> {
  for (let i = 0; i < chunks; i++) yield Buffer.alloc(2 ** 20, i % 251)
}

export function storeConformance(name: string, store: () => ArtifactStore): void {
  test(`${name}: what is put in comes out, under its SHA-256`, async () => {
    const bytes = Buffer.from('latitude,longitude\n59.9,10.7\n')
    expect(await store().put(bytes)).toEqual({ hash: sha256(bytes), size: bytes.byteLength })
    expect(await buffer(await store().read(sha256(bytes)))).toEqual(bytes)
    expect(await store().stat(sha256(bytes))).toEqual({ hash: sha256(bytes), size: bytes.byteLength })
  })

  test(`${name}: an empty blob is a blob`, async () => {
    const { hash, size } = await store().put(new Uint8Array())
    expect(size).toBe(0)
    expect(await buffer(await store().read(hash))).toHaveLength(0)
  })

  test(`${name}: ranges have an exclusive end and stop at the blob's`, async () => {
    const { hash } = await store().put(Buffer.from('0123456789'))
    const text = async (start: number, end: number) =>
      (await buffer(await store().read(hash, { start, end }))).toString()
    expect(await text(2, 5)).toBe('234')
    expect(await text(8, 99)).toBe('89')
    expect(await text(10, 12)).toBe('')
    expect(await text(4, 4)).toBe('')
  })

  test(`${name}: many writers of the same bytes all succeed`, async () => {
    const bytes = Buffer.from('the same')
    const all = await Promise.all(Array.from({ length: 10 }, () => store().put(Readable.from([bytes]))))
    expect(new Set(all.map((blob) => blob.hash))).toEqual(new Set([sha256(bytes)]))
    expect(await buffer(await store().read(sha256(bytes)))).toEqual(bytes)
  })

  test(`${name}: [R13] a source that breaks off leaves nothing to be seen`, async () => {
    const whole = Buffer.concat([...pieces(2)])
    const broken = Readable.from(
      (function* () {
        yield* pieces(2)
        throw new Error('the task was killed')
      })(),
    )
    await expect(store().put(broken)).rejects.toThrow('the task was killed')
    await expect(store().stat(sha256(whole))).rejects.toMatchObject({ code: 'not_found' })
  })

  test(`${name}: 256 MB pass through without being held`, async () => {
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let peak = 0
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5)
    const { size } = await store().put(Readable.from(pieces(256), { objectMode: true, highWaterMark: 1 }))
    clearInterval(timer)
    expect(size).toBe(256 * 2 ** 20)
    expect(peak - before).toBeLessThan(128 * 2 ** 20)
  })

  test.each(['0'.repeat(64), '../../etc/passwd', 'A'.repeat(64), ''])(
    `${name}: %j is not found`,
    async (hash) => {
      await expect(store().read(hash)).rejects.toMatchObject({ code: 'not_found' })
    },
  )
}
