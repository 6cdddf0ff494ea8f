import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { claimRuntimeFolder, sweepRuntimeFolders } from './runtime-folder.ts'

let folder = ''
let data = ''
let runtime = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-runtime-'))
  data = join(folder, 'data')
  runtime = join(folder, 'shared/0123456789abcdef')
  await mkdir(data)
  await mkdir(runtime, { recursive: true })
  await writeFile(join(data, 'folder-id'), 'one')
  await claimRuntimeFolder(runtime, { path: data, id: 'one' })
  await change({ pid: 2 ** 22 + 1 })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

/** What is written of the folder, with this on top. */
async function change(more: Record<string, unknown>): Promise<void> {
  const path = join(runtime, 'belongs-to.json')
  const known = JSON.parse(await readFile(path, 'utf8')) as object
  await writeFile(path, JSON.stringify({ ...known, ...more }))
}
const sweep = () => sweepRuntimeFolders(join(folder, 'shared'))

test('what belongs to a deleted data folder goes, also when another was made in its place', async () => {
  expect(await sweep()).toEqual([])
  await writeFile(join(data, 'folder-id'), 'another')
  expect(await sweep()).toEqual([runtime])
  await expect(stat(runtime)).rejects.toThrow('ENOENT')
})

test('a data folder that is gone from its file system takes its own with it', async () => {
  await rm(data, { recursive: true })
  expect(await sweep()).toEqual([runtime])
})

test('nothing goes while its product lives, is of an unknown owner, or its file system may only be unmounted', async () => {
  await rm(data, { recursive: true })
  await claimless()
  await change({ mount: '/mnt/not-there' })
  expect(await sweep()).toEqual([])
  await change({ mount: '/', device: -1 })
  expect(await sweep()).toEqual([])
})

async function claimless(): Promise<void> {
  const path = join(runtime, 'belongs-to.json')
  const text = await readFile(path, 'utf8')
  const start = (await readFile('/proc/self/stat', 'utf8')).split(') ')[1]?.split(' ')[19]
  await change({ pid: process.pid, start })
  expect(await sweep()).toEqual([])
  await rm(path)
  expect(await sweep()).toEqual([])
  await writeFile(path, text)
}
