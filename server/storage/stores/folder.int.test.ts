import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
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
