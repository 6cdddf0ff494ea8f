/** What every artifact store must do; each adapter's test runs it. */
import { createHash } from 'node:crypto'
import { PassThrough, Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { OwnedStore } from '../artifact-store.ts'

/** A place for stores, and what a test must do to it that no store does. */
export interface StoreGround {
  /** A store with nothing in it, as this writer has it; with `at`, that of an earlier one. */
  open: (writer?: string, at?: string) => OwnedStore
  /** Lets a blob have been written, or put aside, long ago. */
  age: (at: string, hash: string) => Promise<void>
  /** How many writes have begun there, and not ended. */
  unfinished: (at: string) => Promise<number>
}

const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')

/** `chunks` pieces of 1 MiB, made as they are read. */
function* pieces(chunks: number): Generator<Buffer> {
  for (let i = 0; i < chunks; i++) yield Buffer.alloc(2 ** 20, i % 251)
}

async function all<T>(batches: AsyncIterable<readonly T[]>): Promise<T[]> {
  const found: T[] = []
  for await (const batch of batches) found.push(...batch)
  return found
}

/** A writer that is not really dead may bring a part in the very moment: then it is done again. @returns how many are gone */
async function untilNone(sweep: () => Promise<number>, left: () => Promise<number>): Promise<number> {
  let gone = 0
  do gone += await sweep()
  while ((await left()) > 0)
  return gone
}

type Check = (what: string, body: (given: StoreGround) => Promise<void>) => void

/** @param reason why there is no such store on this machine */
export function storeConformance(
  name: string,
  ground: () => StoreGround,
  reason: string | null = null,
): void {
  const checks: Parameters<Check>[] = []
  for (const part of [bytesConformance, shelfConformance]) part((...check) => checks.push(check))
  test.for(checks)(`${name}: %s`, async ([, body], { skip }) => {
    skip(reason !== null, reason ?? '')
    expect.hasAssertions()
    await body(ground())
  })
}

function bytesConformance(check: Check): void {
  check('what is put in comes out, under its SHA-256', async ({ open }) => {
    const store = open()
    const bytes = Buffer.from('latitude,longitude\n59.9,10.7\n')
    expect(await store.put(bytes)).toEqual({ hash: sha256(bytes), size: bytes.byteLength })
    expect(await buffer(await store.read(sha256(bytes)))).toEqual(bytes)
    expect(await store.stat(sha256(bytes))).toEqual({ hash: sha256(bytes), size: bytes.byteLength })
  })

  check('an empty blob is a blob', async ({ open }) => {
    const store = open()
    const { hash, size } = await store.put(new Uint8Array())
    expect(size).toBe(0)
    expect(await buffer(await store.read(hash))).toHaveLength(0)
    expect(await buffer(await store.read(hash, { start: 0, end: 9 }))).toHaveLength(0)
  })

  check('ranges have an exclusive end and stop at the blob’s', async ({ open }) => {
    const store = open()
    const { hash } = await store.put(Buffer.from('0123456789'))
    const text = async (start: number, end: number) =>
      (await buffer(await store.read(hash, { start, end }))).toString()
    expect(await text(2, 5)).toBe('234')
    expect(await text(0, 10)).toBe('0123456789')
    expect(await text(8, 99)).toBe('89')
    expect(await text(10, 12)).toBe('')
    expect(await text(4, 4)).toBe('')
  })

  check('many writers of the same bytes all succeed', async ({ open }) => {
    const store = open()
    const bytes = Buffer.from('the same')
    const written = await Promise.all(Array.from({ length: 10 }, () => store.put(Readable.from([bytes]))))
    expect(new Set(written.map((blob) => blob.hash))).toEqual(new Set([sha256(bytes)]))
    expect(await buffer(await store.read(sha256(bytes)))).toEqual(bytes)
  })

  check('[R13] a source that breaks off leaves nothing to be seen', async ({ open }) => {
    const store = open('a', 'broken-off')
    const whole = Buffer.concat([...pieces(12)])
    const broken = Readable.from(
      (function* () {
        yield* pieces(12)
        throw new Error('the task was killed')
      })(),
    )
    await expect(store.put(broken)).rejects.toThrow('the task was killed')
    await expect(store.stat(sha256(whole))).rejects.toMatchObject({ code: 'not_found' })
    expect(await all(store.list())).toEqual([])
  })

  check('[R13] a source that breaks off leaves nothing behind either', async ({ open, unfinished }) => {
    const source = new PassThrough()
    const writing = open('a', 'left').put(source)
    for (const piece of pieces(20)) source.write(piece)
    while ((await unfinished('left')) === 0) await pause(5)
    source.destroy(new Error('the task was killed'))
    await expect(writing).rejects.toThrow('the task was killed')
    expect(await unfinished('left')).toBe(0)
  })

  check(
    '[R13] a source that breaks off before it is read ends that write, and nothing else',
    async ({ open }) => {
      const store = open('a', 'early')
      const source = new PassThrough()
      const writing = store.put(source)
      source.destroy(new Error('the task was killed'))
      await expect(writing).rejects.toThrow('the task was killed')
      const late = new PassThrough()
      late.destroy(new Error('it was killed before'))
      late.once('error', () => {})
      await expect(store.put(late)).rejects.toThrow('it was killed before')
    },
  )

  check('256 MB pass through without being held', async ({ open }) => {
    const store = open()
    globalThis.gc?.()
    const before = process.memoryUsage().rss
    let peak = 0
    const timer = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 5)
    const source = Readable.from(pieces(256), { objectMode: true, highWaterMark: 1 })
    const { hash, size } = await store.put(source)
    const sum = createHash('sha256')
    for await (const chunk of await store.read(hash)) sum.update(chunk as Buffer)
    clearInterval(timer)
    expect(size).toBe(256 * 2 ** 20)
    expect(sum.digest('hex')).toBe(hash)
    expect(peak - before).toBeLessThan(128 * 2 ** 20)
  })

  check('a part of a long blob is read as it was put in', async ({ open }) => {
    const store = open()
    const bytes = Buffer.concat([...pieces(20)])
    const { hash } = await store.put(Readable.from(pieces(20)))
    const [start, end] = [5 * 2 ** 20 - 3, 17 * 2 ** 20 + 5]
    expect((await buffer(await store.read(hash, { start, end }))).equals(bytes.subarray(start, end))).toBe(
      true,
    )
  })

  for (const hash of ['0'.repeat(64), '../../etc/passwd', 'A'.repeat(64), ''])
    check(`${JSON.stringify(hash)} is not found`, async ({ open }) => {
      await expect(open().read(hash)).rejects.toMatchObject({ code: 'not_found' })
      await expect(open().stat(hash)).rejects.toMatchObject({ code: 'not_found' })
    })
}

function shelfConformance(check: Check): void {
  check(
    'what a writer that died was writing is swept by its next life: no blob, and nothing that others write',
    async ({ open, unfinished }) => {
      const store = open('a', 'swept')
      const { hash } = await store.put(Buffer.from('kept'))
      const source = new PassThrough()
      const writing = store.put(source)
      // It may notice before its source breaks off.
      writing.catch(() => {})
      for (const piece of pieces(20)) source.write(piece)
      while ((await unfinished('swept')) === 0) await pause(5)
      expect(await open('b', 'swept').sweep()).toBe(0)
      expect(await unfinished('swept')).toBe(1)
      const next = open('a', 'swept')
      expect(
        await untilNone(
          () => next.sweep(),
          () => unfinished('swept'),
        ),
      ).toBeGreaterThan(0)
      source.destroy(new Error('its writer is gone'))
      await expect(writing).rejects.toBeInstanceOf(Error)
      expect(await all(store.list())).toEqual([{ hash, size: 4 }])
    },
  )

  check(
    'what somebody began long ago and did not end is forgotten, whoever it was',
    async ({ open, unfinished }) => {
      const store = open('a', 'forgotten')
      const source = new PassThrough()
      const writing = store.put(source)
      writing.catch(() => {})
      for (const piece of pieces(20)) source.write(piece)
      while ((await unfinished('forgotten')) === 0) await pause(5)
      expect(await open('b', 'forgotten').forgetUnfinished(60_000)).toBe(0)
      const other = open('b', 'forgotten')
      expect(
        await untilNone(
          () => other.forgetUnfinished(-60_000),
          () => unfinished('forgotten'),
        ),
      ).toBeGreaterThan(0)
      source.destroy(new Error('its writer is gone'))
      await expect(writing).rejects.toBeInstanceOf(Error)
    },
  )

  check('the list has every blob once, in order, also those aside', async ({ open }) => {
    const store = open('a', 'listed')
    const blobs = await Promise.all(Array.from({ length: 30 }, (_, i) => store.put(Buffer.from(`blob ${i}`))))
    const hashes = blobs.map(({ hash }) => hash)
    expect(await store.putAside(hashes.slice(0, 7), -60_000)).toBe(7)
    // One that lies in both places is one.
    await store.put(Buffer.from('blob 3'))
    expect(await all(store.list())).toEqual(blobs.toSorted((a, b) => (a.hash < b.hash ? -1 : 1)))
    expect((await all(store.olderThan(-60_000))).toSorted()).toEqual(
      hashes.filter((_, i) => i === 3 || i >= 7).toSorted(),
    )
  })

  check(
    '[R13] a blob that is put anew while it is being collected is not taken away',
    async ({ open, age }) => {
      const store = open('a', 'collected')
      const { hash } = await store.put(Buffer.from('daily'))
      await age('collected', hash)
      expect(await all(store.olderThan(60_000))).toEqual([hash])
      await store.put(Buffer.from('daily'))
      expect(await store.putAside([hash], 60_000)).toBe(0)
      expect((await store.stat(hash)).size).toBe(5)
      await age('collected', hash)
      expect(await store.putAside([hash], 60_000)).toBe(1)
      // It lies aside as long as it had to lie before.
      expect(await all(store.setAside(60_000))).toEqual([])
      await store.remove([hash], 60_000)
      expect(await all(store.setAside(-60_000))).toEqual([hash])
    },
  )

  check(
    '[R13] what lies aside can be read until it is removed, and comes back when it is restored',
    async ({ open }) => {
      const store = open('a', 'aside')
      const [one, two] = [await store.put(Buffer.from('one')), await store.put(Buffer.from('two'))]
      expect(await store.putAside([one.hash, two.hash, '0'.repeat(64)], -60_000)).toBe(2)
      expect((await buffer(await store.read(one.hash))).toString()).toBe('one')
      expect((await store.stat(two.hash)).size).toBe(3)
      expect(await all(store.olderThan(-60_000))).toEqual([])
      await store.restore([one.hash, '0'.repeat(64)])
      expect(await all(store.olderThan(-60_000))).toEqual([one.hash])
      expect(await all(store.setAside(-60_000))).toEqual([two.hash])
      await store.remove([one.hash, two.hash], -60_000)
      expect((await buffer(await store.read(one.hash))).toString()).toBe('one')
      await expect(store.stat(two.hash)).rejects.toMatchObject({ code: 'not_found' })
      await expect(store.read(two.hash)).rejects.toMatchObject({ code: 'not_found' })
    },
  )
}
