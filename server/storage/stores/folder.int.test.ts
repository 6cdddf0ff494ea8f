import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { storeConformance } from './conformance.ts'
import { FolderStore } from './folder.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-store-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

storeConformance('folder', () => new FolderStore(folder))

test('what a writer that died was writing is swept by its next life: no blob, and nothing that others write', async () => {
  const swept = join(folder, 'swept')
  const store = new FolderStore(swept, 'a')
  const { hash } = await store.put(Buffer.from('kept'))
  const source = new PassThrough()
  const writing = store.put(source)
  source.write('half')
  const half = async () => {
    const names = await readdir(join(swept, 'incoming'), { recursive: true })
    return names.filter((name) => name.includes('/')).length
  }
  while ((await half()) === 0);
  expect(await new FolderStore(swept, 'b').sweep()).toBe(0)
  expect(await half()).toBe(1)
  expect(await new FolderStore(swept, 'a').sweep()).toBe(1)
  expect(await half()).toBe(0)
  source.destroy(new Error('its writer is gone'))
  await expect(writing).rejects.toThrow('its writer is gone')
  expect((await store.stat(hash)).size).toBe(4)
})

test('a folder that cannot be written is said to be unavailable', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(new FolderStore(join(folder, 'file')).put(Buffer.from('x'))).rejects.toMatchObject({
    code: 'unavailable',
  })
})

test('[R13] a blob that is put anew while it is being collected stays where it is read', async () => {
  const store = new FolderStore(join(folder, 'collected'))
  const { hash } = await store.put(Buffer.from('daily'))
  const path = join(folder, 'collected/blobs', hash.slice(0, 2), hash)
  await utimes(path, 0, 0)
  const listed = []
  for await (const hashes of store.olderThan(1000)) listed.push(...hashes)
  expect(listed).toEqual([hash])
  await store.put(Buffer.from('daily'))
  expect(await store.putAside(hash, 60_000)).toBe(false)
  expect((await store.stat(hash)).size).toBe(5)
  await utimes(path, 0, 0)
  expect(await store.putAside(hash, 60_000)).toBe(true)
  await expect(store.stat(hash)).rejects.toMatchObject({ code: 'not_found' })
  // It lies aside as long as it had to lie before.
  for await (const hashes of store.setAside(60_000)) expect(hashes).toEqual([])
})
