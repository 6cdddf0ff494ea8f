/**
 * The store in a bucket while S3 fails, is slow, or is away (R13, R7): what was put is there whole, what was not is not to be
 * seen, and nothing is left behind.
 */
import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { createHash, randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { trials } from '#server/config/trials.ts'
import { S3Proxy, type S3Mishap } from '#server/testing/s3-proxy.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { randomFrom } from '../../../../e2e/faults/random.ts'
import type { BucketOptions } from './bucket.ts'
import { usualLimits, type S3Limits } from './limits.ts'
import { S3Store } from './s3-store.ts'

const reason = await whyNoS3()
let server: S3Server
let proxy: S3Proxy
let raw: S3Client
beforeAll(async () => {
  if (reason !== null) return
  server = await S3Server.open()
  proxy = await S3Proxy.lay(server.port)
  const given = { endpoint: server.url(), region: 'us-east-1', forcePathStyle: true }
  raw = new S3Client({ ...given, credentials: server.keys })
})
afterAll(async () => {
  if (reason !== null) return
  raw.destroy()
  proxy.close()
  await server.close()
})
beforeEach(({ skip }) => skip(reason !== null, reason ?? ''))
afterEach(() => {
  if (reason === null) proxy.mishap = () => null
})

/** What is longer than 5 MiB is in parts, what is longer than 6 MiB is copied in parts, and a read takes several requests. */
const limits: S3Limits = { ...usualLimits, part: () => 5 * 2 ** 20, copy: 6 * 2 ** 20, window: 2 * 2 ** 20 }
const slowest = 20_000
const patience = { callMs: 20_000, tryMs: 1000, slowest }

const open = (at: string, more: Partial<BucketOptions> = {}) =>
  new S3Store({ address: server.address(at, proxy.port), keys: server.keys, patience, ...more }, 'a', limits)

const hashOf = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex')
const short = randomBytes(300_000)
const long = randomBytes(12 * 2 ** 20)

/** What lies there that is no blob: objects aside, and uploads that nobody has ended. */
async function leftovers(at: string): Promise<string[]> {
  const { bucket } = server.address(at)
  const { Uploads = [] } = await raw.send(
    new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: `${at}/` }),
  )
  const objects = (await server.objects(`${at}/`)).filter((path) => !path.startsWith('blobs/'))
  return [...objects, ...Uploads.map(({ Key = '' }) => `upload ${Key}`)]
}

/** The next `times` requests go wrong, and then none. */
function goWrong(mishap: S3Mishap, times: number): void {
  let left = times
  proxy.mishap = () => (left-- > 0 ? mishap : null)
}

const mishaps: [string, S3Mishap][] = [
  ['500', { kind: 'refused', status: 500, code: 'InternalError' }],
  ['503 SlowDown', { kind: 'refused', status: 503, code: 'SlowDown' }],
  ['429', { kind: 'refused', status: 429, code: 'TooManyRequests' }],
  ['409 of another writer', { kind: 'refused', status: 409, code: 'ConditionalRequestConflict' }],
  ['403 of a clock', { kind: 'refused', status: 403, code: 'RequestTimeTooSkewed' }],
  ['a request that is reset at once', { kind: 'reset', of: 'request', after: 0 }],
  ['a request that is reset in its midst', { kind: 'reset', of: 'request', after: 100_000 }],
  ['an answer that is reset at once', { kind: 'reset', of: 'answer', after: 0 }],
  ['an answer that is reset in its midst', { kind: 'reset', of: 'answer', after: 100 }],
  ['an answer that is cut short', { kind: 'truncated', after: 100 }],
  ['an answer that is lost', { kind: 'lost' }],
  ['no answer', { kind: 'hangs' }],
  ['bytes that change on their way in', { kind: 'changed', of: 'request' }],
]

test.each(mishaps)(
  '[R13] %s, twice: put in one request and in parts, and read, as if nothing had been',
  async (name, mishap) => {
    const at = `twice-${name.replaceAll(' ', '-')}`
    const store = open(at)
    for (const bytes of [short, long]) {
      goWrong(mishap, 2)
      const blob = { hash: hashOf(bytes), size: bytes.length }
      expect(await store.put(Readable.from([bytes]))).toEqual(blob)
      expect(await leftovers(at)).toEqual([])
      goWrong(mishap, 2)
      expect((await buffer(await store.read(blob.hash))).equals(bytes)).toBe(true)
      goWrong(mishap, 2)
      const [start, end] = [1000, bytes.length - 1000]
      expect(
        (await buffer(await store.read(blob.hash, { start, end }))).equals(bytes.subarray(start, end)),
      ).toBe(true)
      goWrong(mishap, 2)
      expect(await store.stat(blob.hash)).toEqual(blob)
    }
  },
)

test('[R13] an upload in parts survives any one of its requests failing in any way', async () => {
  const store = open('each')
  const bytes = randomBytes(11 * 2 ** 20)
  proxy.asked.length = 0
  await store.put(Readable.from([bytes]))
  const requests = proxy.asked.length
  expect(requests).toBeGreaterThan(8)
  const kinds = mishaps.map(([, mishap]) => mishap).filter(({ kind }) => kind !== 'hangs')
  for (let n = 0; n < requests; n++) {
    let left = n
    const mishap = kinds[n % kinds.length] ?? null
    proxy.mishap = () => (left-- === 0 ? mishap : null)
    const other = Buffer.concat([Buffer.from(String(n)), bytes])
    expect((await store.put(Readable.from([other]))).hash).toBe(hashOf(other))
    expect((await buffer(await store.read(hashOf(other)))).equals(other)).toBe(true)
    await store.forgetUnfinished(-60_000)
    expect(await leftovers('each'), `request ${n} went wrong: ${JSON.stringify(mishap)}`).toEqual([])
  }
})

test('[R13] bytes that change on their way out are not taken for those of the hash', async () => {
  const store = open('changed')
  const { hash } = await store.put(short)
  goWrong({ kind: 'changed', of: 'answer' }, 1)
  await expect(store.read(hash).then(buffer)).rejects.toMatchObject({
    code: 'unavailable',
    message: expect.stringContaining('has other bytes than were stored') as string,
  })
  expect((await buffer(await store.read(hash))).equals(short)).toBe(true)
})

test('a clock that is an hour off is set by what the store says', async () => {
  const store = open('skewed', { client: { systemClockOffset: 3_600_000 } })
  proxy.asked.length = 0
  const { hash } = await store.put(short)
  // The store itself has refused the first one.
  expect(proxy.asked.length).toBeGreaterThan(1)
  expect((await buffer(await store.read(hash))).equals(short)).toBe(true)
})

test('a store that does not know conditions gets writes without one', async () => {
  const store = open('plain')
  goWrong({ kind: 'refused', status: 501, code: 'NotImplemented' }, 1)
  const { hash } = await store.put(short)
  expect((await buffer(await store.read(hash))).equals(short)).toBe(true)
})

test('a slow store is waited for as long as something arrives', async () => {
  const store = open('slow', { patience: { callMs: 4000, tryMs: 1000, slowest } })
  const { hash } = await store.put(short)
  // In three seconds, of which a request has one.
  proxy.mishap = () => ({ kind: 'slow', bytes: 10_000, ms: 100 })
  expect((await buffer(await store.read(hash))).equals(short)).toBe(true)
})

test('[R13] a store that is killed in the midst of an upload, and is back in time, has it or says that it has not', async () => {
  const store = open('killed')
  for (const step of [
    'CreateMultipartUpload',
    'UploadPart',
    'CompleteMultipartUpload',
    'CopyObject',
  ] as const) {
    const bytes = Buffer.concat([Buffer.from(step), randomBytes(5.5 * 2 ** 20)])
    const back = Promise.withResolvers<void>()
    let struck = false
    proxy.mishap = ({ path, method }) => {
      if (struck || !isStep(step, method, path)) return null
      struck = true
      server.restart().then(back.resolve, back.reject)
      return null
    }
    const put = () => store.put(Readable.from([bytes]))
    // This server, killed while it brings parts together, may say afterwards that it did, and have nothing: that is noticed.
    const blob = await put().catch(async (error: unknown) => {
      if ((error as { code?: unknown }).code !== 'unavailable') throw error
      return put()
    })
    expect(blob.hash).toBe(hashOf(bytes))
    await back.promise
    expect((await buffer(await store.read(hashOf(bytes)))).equals(bytes)).toBe(true)
  }
  await store.sweep()
  expect(await leftovers('killed')).toEqual([])
})

function isStep(step: string, method: string, path: string): boolean {
  if (step === 'CreateMultipartUpload') return method === 'POST' && path.includes('uploads')
  if (step === 'UploadPart') return method === 'PUT' && path.includes('partNumber')
  if (step === 'CompleteMultipartUpload') return method === 'POST' && path.includes('uploadId')
  return method === 'PUT' && path.includes('/blobs/')
}

const gone: [string, S3Mishap, RegExp][] = [
  ['answers with 503', { kind: 'refused', status: 503, code: 'SlowDown' }, /answers with 503 SlowDown\.$/],
  ['resets', { kind: 'reset', of: 'request', after: 0 }, /does not answer \(E[A-Z]+\)/],
  ['does not answer', { kind: 'hangs' }, /does not answer \(no answer within [\d.]+ s\)/],
]

test.each(gone)(
  '[R7] a store that %s for good: each call fails in its time and says why, and nothing is to be seen',
  async (name, mishap, sentence) => {
    const at = `gone-${name.replaceAll(' ', '-')}`
    const [callMs, tryMs] = [2000, 700]
    const store = open(at, { patience: { callMs, tryMs, slowest } })
    const { hash } = await open(at).put(Buffer.from('earlier'))
    proxy.mishap = () => mishap
    for (const work of [
      () => store.put(short),
      () => store.put(Readable.from([long])),
      () => store.stat(hash),
      () => store.read(hash),
    ]) {
      const since = performance.now()
      await expect(work()).rejects.toMatchObject({ code: 'unavailable', message: sentence })
      const took = performance.now() - since
      expect(took).toBeGreaterThan(callMs * 0.9)
      expect(took).toBeLessThan(callMs * 1.1 + 500)
    }
    proxy.mishap = () => null
    await expect(store.stat(hashOf(short))).rejects.toMatchObject({ code: 'not_found' })
    await expect(store.stat(hashOf(long))).rejects.toMatchObject({ code: 'not_found' })
    expect(await leftovers(at)).toEqual([])
  },
)

test('[R13] a store that goes for good in the midst of an upload: it fails, is not to be seen, and is swept', async () => {
  const store = open('mid', { patience: { callMs: 1000, tryMs: 500, slowest } })
  proxy.mishap = ({ path }) => (path.includes('partNumber=2') ? { kind: 'hangs' } : null)
  await expect(store.put(Readable.from([long]))).rejects.toMatchObject({ code: 'unavailable' })
  expect(await leftovers('mid')).toEqual([])
  let away = false
  proxy.mishap = ({ path }) => {
    away ||= path.includes('partNumber=2')
    return away ? { kind: 'hangs' } : null
  }
  await expect(store.put(Readable.from([long]))).rejects.toMatchObject({ code: 'unavailable' })
  proxy.mishap = () => null
  expect((await leftovers('mid')).join()).toMatch(/^upload mid\/incoming\//)
  await expect(store.stat(hashOf(long))).rejects.toMatchObject({ code: 'not_found' })
  expect(await store.sweep()).toBe(1)
  expect(await leftovers('mid')).toEqual([])
})

test('a source whose store is away is let go', async () => {
  const store = open('source', { patience: { callMs: 500, tryMs: 300, slowest } })
  proxy.mishap = () => ({ kind: 'refused', status: 503, code: 'SlowDown' })
  const letGo = Promise.withResolvers<void>()
  const source = Readable.from(
    (function* () {
      try {
        for (;;) yield randomBytes(2 ** 20)
      } finally {
        letGo.resolve()
      }
    })(),
  )
  await expect(store.put(source)).rejects.toMatchObject({ code: 'unavailable' })
  await letGo.promise
  expect(source.destroyed).toBe(true)
})

/** A request in three goes wrong, somehow. */
function anything(next: (below: number) => number): S3Mishap | null {
  const mishap = mishaps[next(mishaps.length * 3)]?.[1] ?? null
  return mishap?.kind === 'hangs' ? { kind: 'slow', bytes: 1 + next(50_000), ms: next(3) } : mishap
}

test('[R13] whatever goes wrong: what was told to be there is there whole, and all else is not there at all', async () => {
  const { count, seed } = trials(40)
  const at = 'random'
  const tight = open(at, { patience: { callMs: 400, tryMs: 200, slowest } })
  const put = new Map<string, Buffer>()
  const failed: { hash: string; error: unknown }[] = []
  for (let i = 0; i < count; i++) {
    const next = randomFrom(seed + i)
    // In one trial of four it goes for good, sooner or later.
    let left = next(4) === 0 ? next(25) : Infinity
    proxy.mishap = () => (left-- > 0 ? anything(next) : { kind: 'refused', status: 503, code: 'SlowDown' })
    const works = Array.from({ length: 3 }, async () => {
      const bytes = randomBytes(next(5) === 0 ? next(13 * 2 ** 20) : next(200_000))
      await tight.put(Readable.from([bytes])).then(
        ({ hash }) => put.set(hash, bytes),
        (error: unknown) => failed.push({ hash: hashOf(bytes), error }),
      )
    })
    await Promise.all(works)
  }
  proxy.mishap = () => null
  const patient = open(at)
  for (const [hash, bytes] of put) expect((await buffer(await patient.read(hash))).equals(bytes)).toBe(true)
  for (const { error } of failed) expect(error).toMatchObject({ code: 'unavailable' })
  // One that failed may be there, for its last answer may have been lost: then it is whole, or its reader would throw.
  const seen = await Promise.all(
    failed.map(({ hash }) => patient.read(hash).then(buffer, (error: unknown) => error)),
  )
  expect(
    seen.filter((one) => one instanceof Error && (one as { code?: unknown }).code !== 'not_found'),
  ).toEqual([])
  await patient.sweep()
  // Of copies in parts, at the place of a hash, where another writer may be at work.
  await patient.forgetUnfinished(-60_000)
  expect(await leftovers(at)).toEqual([])
  console.log(`${count} trials from seed ${seed}: ${put.size} were put, ${failed.length} were not`)
  expect(put.size).toBeGreaterThan(count)
  expect(failed.length).toBeGreaterThan(0)
})
