import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { createHash, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { FolderStore } from '#server/storage/stores/folder.ts'
import { S3Proxy } from '#server/testing/s3-proxy.ts'
import { S3Server } from '#server/testing/s3-server.ts'
import { whyNoS3 } from '#server/testing/s3-program.ts'
import { runCli, type Ended } from '../testing/cli.ts'

const reason = await whyNoS3()
let folder = ''
let server: S3Server
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-copy-'))
  if (reason === null) server = await S3Server.open()
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
  if (reason === null) await server.close()
})
beforeEach(({ skip }) => skip(reason !== null, reason ?? ''))

const copy = (from: string, to: string): Promise<Ended> => {
  const env = { ...server.env(''), DAGBOK_STORE: '' }
  return runCli(['storage', 'copy', '--from', from, '--to', to, '--json'], { env })
}
const reportOf = ({ stdout }: Ended): unknown => JSON.parse(stdout)

/** What lies in a folder of blobs. */
const hashesIn = async (store: string) =>
  (await readdir(join(store, 'blobs'), { recursive: true })).filter((name) => name.includes('/')).toSorted()

/** A store with short blobs and a long one, one of them aside. */
async function filled(name: string): Promise<{ path: string; bytes: number }> {
  const store = new FolderStore(join(folder, name))
  const contents = [
    ...Array.from({ length: 12 }, (_, i) => Buffer.from(`${name} ${i}`)),
    randomBytes(9 * 2 ** 20),
  ]
  const blobs = await Promise.all(contents.map((bytes) => store.put(bytes)))
  await store.putAside([blobs[0]?.hash ?? ''], -60_000)
  return { path: join(folder, name), bytes: blobs.reduce((sum, { size }) => sum + size, 0) }
}

test('a folder goes into a bucket and back, each blob whole, and what is there is passed over', async () => {
  const { path, bytes } = await filled('there')
  const to = server.text('copied')
  const first = {
    from: path,
    to: 's3://dagbok-test/copied',
    copied: 13,
    bytes,
    there: 0,
    gone: 0,
    damaged: [],
  }
  expect(reportOf(await copy(path, to))).toEqual(first)
  expect(reportOf(await copy(path, to))).toEqual({ ...first, copied: 0, bytes: 0, there: 13 })
  const back = join(folder, 'back')
  expect(reportOf(await copy(to, back))).toMatchObject({ copied: 13, bytes, there: 0 })
  // Also the one that lay aside.
  const { length } = await hashesIn(back)
  expect(length).toBe(13)
  expect(await hashesIn(back)).toEqual(expect.arrayContaining(await hashesIn(path)))
})

test('a copy that ends in the midst goes on where it was', async () => {
  const { path } = await filled('midst')
  const proxy = await S3Proxy.lay(server.port)
  let puts = 0
  // The bucket takes five of them, and then no more.
  proxy.mishap = ({ method }) =>
    method === 'PUT' && puts++ >= 5 ? { kind: 'refused', status: 403, code: 'AccessDenied' } : null
  const failed = await copy(path, server.text('midst', proxy.port))
  expect(failed).toMatchObject({ code: 1, stdout: '' })
  expect(failed.stderr).toMatch(/^dagbok: The artifact store s3:\/\/dagbok-test\/midst does not allow it/)
  proxy.mishap = () => null
  const { copied, there } = reportOf(await copy(path, server.text('midst', proxy.port))) as Record<
    string,
    number
  >
  proxy.close()
  expect(there).toBeGreaterThan(0)
  expect((copied ?? 0) + (there ?? 0)).toBe(13)
})

test('a blob that has rotted is named, and not copied under its hash', async () => {
  const store = new FolderStore(join(folder, 'rotten'))
  const [good, bad] = [await store.put(Buffer.from('good')), await store.put(Buffer.from('bad'))]
  await writeFile(join(folder, 'rotten/blobs', bad.hash.slice(0, 2), bad.hash), 'worse')
  const ended = await copy(join(folder, 'rotten'), server.text('rotten'))
  expect(ended.code).toBe(1)
  expect(reportOf(ended)).toMatchObject({ copied: 1, damaged: [bad.hash] })
  expect(ended.stderr).toContain(`have other bytes than their hashes say, and were not copied: ${bad.hash}.`)
  const other = createHash('sha256').update('worse').digest('hex')
  expect((await server.objects('rotten/')).toSorted()).toEqual(
    [good.hash, other].map((hash) => `blobs/${hash.slice(0, 2)}/${hash}`).toSorted(),
  )
})

test.each<[string, string, string, RegExp]>([
  [
    'a folder that is no store',
    '/nowhere',
    's3://bucket',
    /\/nowhere is no artifact store: it has no folder `blobs`/,
  ],
  ['an address that is none', 's3://x', '/tmp/b', /--from names no bucket/],
  ['another kind of address', '/tmp', 'https://bucket', /--to is no address of a bucket/],
])('%s is refused', async (_, from, to, says) => {
  const ended = await copy(from, to)
  expect(ended.code).toBe(1)
  expect(ended.stderr).toMatch(says)
})
