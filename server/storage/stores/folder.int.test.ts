import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import { randomUUID } from 'node:crypto'
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

storeConformance('folder', () => ({
  open: (writer = 'web', at = randomUUID()) => new FolderStore(join(folder, at), writer),
  age: async (at, hash) => {
    await utimes(join(folder, at, 'blobs', hash.slice(0, 2), hash), 0, 0)
  },
  unfinished: async (at) => {
    const names = await readdir(join(folder, at, 'incoming'), { recursive: true }).catch(() => [])
    return names.filter((name) => name.includes('/')).length
  },
}))

test('a folder that cannot be written is said to be unavailable', async () => {
  await writeFile(join(folder, 'file'), '')
  await expect(new FolderStore(join(folder, 'file')).put(Buffer.from('x'))).rejects.toMatchObject({
    code: 'unavailable',
  })
})

test('a folder has no address that others could move bytes by', () => {
  expect(new FolderStore(folder).links).toBeNull()
})
