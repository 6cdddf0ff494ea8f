import { ListMultipartUploadsCommand, S3Client } from '@aws-sdk/client-s3'
import { createHash, randomUUID } from 'node:crypto'
import { stat, utimes, writeFile } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { inspect } from 'node:util'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { S3Proxy } from '#server/testing/s3-proxy.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { storeConformance } from '../conformance.ts'
import type { BucketOptions } from './bucket.ts'
import { usualLimits, type S3Limits } from './limits.ts'
import { S3Store } from './s3-store.ts'

const reason = await whyNoS3()
const patience = { callMs: 20_000, tryMs: 10_000, slowest: 1000 }
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

const openStore = (writer = 'web', at: string = randomUUID(), limits: S3Limits = usualLimits) =>
  new S3Store({ address: server.address(at), keys: server.keys, patience }, writer, limits)

async function uploads(at: string): Promise<number> {
  const { bucket } = server.address(at)
  const command = new ListMultipartUploadsCommand({ Bucket: bucket, Prefix: `${at}/` })
  return (await raw.send(command)).Uploads?.length ?? 0
}

const fileOf = (at: string, hash: string) => server.file(`${at}/blobs/${hash.slice(0, 2)}/${hash}`)

storeConformance(
  's3',
  () => ({
    open: openStore,
    age: async (at, hash) => {
      await utimes(fileOf(at, hash), 0, 0)
    },
    unfinished: async (at) => (await uploads(at)) + (await server.objects(`${at}/incoming/`)).length,
  }),
  reason,
)

/** Small enough for all of it to be in many parts. S3 takes none below 5 MiB. */
const small: S3Limits = { ...usualLimits, part: () => 5 * 2 ** 20, copy: 6 * 2 ** 20, window: 3 * 2 ** 20 }

test('a blob that is longer than one request copies is brought to its hash in parts, and aside in parts', async () => {
  const store = openStore('a', 'long', small)
  const bytes = Buffer.concat(Array.from({ length: 23 }, (_, i) => Buffer.alloc(2 ** 20, i)))
  const { hash, size } = await store.put(Readable.from([bytes]))
  expect({ hash, size }).toEqual({
    hash: createHash('sha256').update(bytes).digest('hex'),
    size: bytes.length,
  })
  expect(await store.putAside([hash], -60_000)).toBe(1)
  expect((await buffer(await store.read(hash))).equals(bytes)).toBe(true)
  await store.restore([hash])
  expect((await buffer(await store.read(hash))).equals(bytes)).toBe(true)
  expect(await server.objects('long/')).toEqual([`blobs/${hash.slice(0, 2)}/${hash}`])
  expect(await uploads('long')).toBe(0)
})

test('what is there is written anew when it is old, and not before: the collector takes it for young', async () => {
  const store = openStore('a', 'anew')
  const { hash } = await store.put(Buffer.from('daily'))
  const written = async () => (await stat(fileOf('anew', hash))).mtimeMs
  const first = await written()
  await store.put(Buffer.from('daily'))
  expect(await written()).toBe(first)
  await utimes(fileOf('anew', hash), 0, 0)
  await store.put(Buffer.from('daily'))
  expect(await written()).toBeGreaterThan(first)
})

test('[R13] what lies under a hash and is not its bytes is not read as if it were, and is mended by who puts it anew', async () => {
  const store = openStore('a', 'rotten')
  const { hash } = await store.put(Buffer.from('as it was'))
  await writeFile(fileOf('rotten', hash), 'as it is!')
  const other = /has other bytes than were stored/
  await expect(store.read(hash).then(buffer)).rejects.toMatchObject({ code: 'unavailable', message: other })
  await writeFile(fileOf('rotten', hash), 'as')
  await expect(store.read(hash).then(buffer)).rejects.toMatchObject({ code: 'unavailable' })
  await store.put(Buffer.from('as it was'))
  expect((await buffer(await store.read(hash))).toString()).toBe('as it was')
})

test('a blob that has more parts than S3 takes is refused, and leaves nothing behind', async () => {
  const store = openStore('a', 'large', { ...small, parts: 2 })
  await expect(store.put(Readable.from([Buffer.alloc(11 * 2 ** 20)]))).rejects.toMatchObject({
    code: 'too_large',
    message: 'The artifact store takes 10485760 bytes of one file at most.',
  })
  expect(await server.objects('large/')).toEqual([])
  expect(await uploads('large')).toBe(0)
})

test('what takes many pages is listed whole, and moved whole', async () => {
  const store = openStore('a', 'pages', { ...usualLimits, page: 2 })
  const blobs = await Promise.all(Array.from({ length: 9 }, (_, i) => store.put(Buffer.from(`blob ${i}`))))
  const hashes = blobs.map(({ hash }) => hash).toSorted()
  const listed = []
  for await (const found of store.list()) listed.push(...found.map(({ hash }) => hash))
  expect(listed).toEqual(hashes)
  const older: string[][] = []
  for await (const found of store.olderThan(-60_000)) older.push(found)
  expect(older.map(({ length }) => length)).toEqual([2, 2, 2, 2, 1])
  expect(await store.putAside(hashes, -60_000)).toBe(9)
  await store.remove(hashes, -60_000)
  expect(await server.objects('pages/')).toEqual([])
})

test('somebody else’s things below the prefix are neither listed nor collected', async () => {
  const store = openStore('a', 'shared')
  const { hash, size } = await store.put(Buffer.from('ours'))
  await writeFile(server.file('shared/blobs/README'), 'theirs')
  const listed = []
  for await (const found of store.list()) listed.push(...found)
  for await (const hashes of store.olderThan(-60_000)) await store.putAside(hashes, -60_000)
  expect(listed).toEqual([{ hash, size }])
  expect((await server.objects('shared/')).toSorted()).toEqual([
    `aside/${hash.slice(0, 2)}/${hash}`,
    'blobs/README',
  ])
})

test('readers who do not go on hold no connection, so that others work', async () => {
  const options = { address: server.address('readers', proxy.port), keys: server.keys, patience }
  const store = new S3Store(options, 'a', small)
  const { hash } = await store.put(Buffer.alloc(4 * 2 ** 20, 'x'))
  const readers = await Promise.all(Array.from({ length: 100 }, () => store.read(hash)))
  expect((await store.put(Buffer.from('others'))).size).toBe(6)
  expect(proxy.most).toBeLessThanOrEqual(64)
  for (const reader of readers) reader.destroy()
})

test('a download by its address needs no key, knows ranges, and is saved under its name', async () => {
  const { links, put } = bound(openStore('a', 'links'))
  const { hash } = await put(Buffer.from('0123456789'))
  const url = await links.download(hash, { name: 'täble.csv', mediaType: 'text/csv' }, 60_000)
  const whole = await fetch(url)
  expect(await whole.text()).toBe('0123456789')
  expect(whole.headers.get('content-type')).toBe('text/csv')
  expect(whole.headers.get('content-disposition')).toBe("attachment; filename*=UTF-8''t%C3%A4ble.csv")
  const part = await fetch(url, { headers: { range: 'bytes=2-4' } })
  expect([part.status, await part.text()]).toEqual([206, '234'])
  expect((await fetch(url, { method: 'DELETE' })).status).toBe(403)
  await expect(links.download('0'.repeat(64), { name: 'a', mediaType: 'a/b' }, 1000)).rejects.toMatchObject({
    code: 'not_found',
  })
  expect((await fetch(url.replace(hash, hash.replace(/./, '0')))).status).toBe(403)
})

test('an address is signed for the host at which browsers reach the bucket, and for nobody else', async () => {
  const publicEndpoint = `http://127.0.0.1:${proxy.port}`
  const address = { ...server.address('public'), publicEndpoint }
  const store = new S3Store({ address, keys: server.keys, patience }, 'a')
  const { hash } = await store.put(Buffer.from('outside'))
  expect(await store.putAside([hash], -60_000)).toBe(1)
  const url = await store.links.download(hash, { name: 'a.txt', mediaType: 'text/plain' }, 60_000)
  expect(new URL(url).port).toBe(String(proxy.port))
  expect(await (await fetch(url)).text()).toBe('outside')
  expect((await fetch(url.replace(String(proxy.port), String(server.port)))).status).toBe(403)
  expect([store.links.forBrowsers, openStore().links.forBrowsers]).toEqual([true, false])
})

test('an upload by its address takes its own bytes, whole, and no others', async () => {
  const { links, read, stat: look } = bound(openStore('a', 'upload'))
  const bytes = Buffer.from('from a browser')
  const hash = createHash('sha256').update(bytes).digest('hex')
  const { url, method, headers } = await links.upload({ hash, size: bytes.length }, 60_000)
  const send = async (body: Buffer<ArrayBuffer>, given: Record<string, string>) =>
    (await fetch(url, { method, headers: given, body })).status
  expect(await send(Buffer.from('from a brawler'), headers)).toBe(400)
  expect(await send(bytes, {})).toBe(403)
  const others = createHash('sha256').update('from a brawler').digest('base64')
  expect(await send(Buffer.from('from a brawler'), { ...headers, 'x-amz-checksum-sha256': others })).toBe(403)
  await expect(look(hash)).rejects.toMatchObject({ code: 'not_found' })
  expect(await send(bytes, headers)).toBe(200)
  expect((await buffer(await read(hash))).toString()).toBe('from a browser')
  await expect(links.upload({ hash, size: links.longestUpload + 1 }, 60_000)).rejects.toMatchObject({
    code: 'too_large',
  })
})

/** Its methods by themselves. */
const bound = (store: S3Store) => ({
  links: store.links,
  put: store.put.bind(store),
  read: store.read.bind(store),
  stat: store.stat.bind(store),
})

const quick = { callMs: 300, tryMs: 300, slowest: 1000 }

test.each<[string, () => Partial<BucketOptions>, RegExp]>([
  [
    'a key that it does not know',
    () => ({ keys: { ...server.keys, accessKeyId: 'nobody' } }),
    /does not know its key: look at AWS_/,
  ],
  [
    'a secret that is not its',
    () => ({ keys: { ...server.keys, secretAccessKey: 'wrong-secret' } }),
    /does not accept its key: look at AWS_/,
  ],
  [
    'a bucket that is not there',
    () => ({ address: { ...server.address(''), bucket: 'nowhere' } }),
    /does not exist: make the bucket/,
  ],
  [
    'nobody who listens',
    () => ({ address: server.address('', 1) }),
    /does not answer \(ECONNREFUSED\): look at its address/,
  ],
  [
    'a region that is not given',
    () => ({ address: { ...server.address(''), region: null } }),
    /has no region: write \?region=/,
  ],
])('%s is said, with what to do', async (_, given, sentence) => {
  const store = new S3Store(
    { address: server.address('told'), keys: server.keys, patience: quick, ...given() },
    'a',
  )
  await expect(store.check(300)).rejects.toMatchObject({ code: 'unavailable', message: sentence })
  const failed = store.put(Buffer.from('x'))
  await expect(failed).rejects.toMatchObject({ code: 'unavailable', message: sentence })
})

test('[S6] what is told and logged of a fault has no secret in it', async () => {
  const keys = { accessKeyId: 'nobody', secretAccessKey: 'CANARY-SECRET', sessionToken: 'CANARY-TOKEN' }
  const store = new S3Store({ address: server.address('secret'), keys, patience: quick }, 'a')
  const error = await store.put(Buffer.from('x')).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'unavailable' })
  expect(inspect(error, { depth: 20, showHidden: true })).not.toContain('CANARY')
})
