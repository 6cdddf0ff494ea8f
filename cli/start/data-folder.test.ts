import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDataFolder, openDataFolder, secretsKey, sessionSecret } from './data-folder.ts'

let folder = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-data-'))
})
afterEach(() => rm(folder, { recursive: true, force: true }))

test('a second product on one data folder is told who holds it, and where', async () => {
  const lock = await lockDataFolder(folder)
  await expect(lockDataFolder(folder)).rejects.toThrow(`held by process ${process.pid}, which is starting`)
  await lock.tell('http://127.0.0.1:7310')
  await expect(lockDataFolder(folder)).rejects.toThrow('answers at http://127.0.0.1:7310')
  expect(await readdir(folder), 'whoever is refused leaves nothing').toEqual(['lock.json'])
  await lock.release()
  await (await lockDataFolder(folder)).release()
})

test('what cannot be the data folder is refused in a sentence', async () => {
  const file = join(folder, 'file')
  await writeFile(file, '')
  for (const path of [file, join(file, 'below')])
    await expect(openDataFolder(path)).rejects.toThrow(
      `${path} cannot be the data folder: it is not a folder. Give another one with --data-dir.`,
    )
})

test('the lock of a product that was killed is taken over, also when its number was given to another process', async () => {
  await writeFile(join(folder, 'lock.json'), JSON.stringify({ pid: 2 ** 22 + 1, start: '1', url: null }))
  await (await lockDataFolder(folder)).release()
  await writeFile(
    join(folder, 'lock.json'),
    JSON.stringify({ pid: process.pid, start: 'of an earlier life', url: null }),
  )
  await expect(lockDataFolder(folder)).resolves.toBeDefined()
})

test.each([
  ['session-secret', sessionSecret],
  ['secrets-key', secretsKey],
])('%s is made once and closed to others', async (name, keyOf) => {
  const key = await keyOf(folder)
  expect(key.length).toBeGreaterThanOrEqual(32)
  expect(await keyOf(folder)).toBe(key)
  expect((await stat(join(folder, name))).mode & 0o777).toBe(0o600)
})

test('a key that is there and cannot be read is not replaced by another', async () => {
  await mkdir(join(folder, 'secrets-key'))
  await expect(secretsKey(folder)).rejects.toThrow('secrets-key cannot be read')
})
