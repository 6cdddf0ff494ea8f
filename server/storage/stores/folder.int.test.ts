import { mkdtemp, mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { storeConformance } from './conformance.ts'
import { FolderStore } from './folder.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-store-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

storeConformance('folder', () => new FolderStore(folder))

test('what a process that died was writing is swept, and no blob with it', async () => {
  const store = new FolderStore(join(folder, 'swept'))
  const { hash } = await store.put(Buffer.from('kept'))
  await mkdir(join(folder, 'swept', 'incoming'), { recursive: true })
  await writeFile(join(folder, 'swept', 'incoming', 'half'), 'ha')
  expect(await store.sweep()).toBe(1)
  expect(await readdir(join(folder, 'swept', 'incoming'))).toEqual([])
  expect((await store.stat(hash)).size).toBe(4)
})

test('a folder that cannot be written is said to be unavailable', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(new FolderStore(join(folder, 'file')).put(Buffer.from('x'))).rejects.toMatchObject({
    code: 'unavailable',
  })
})
