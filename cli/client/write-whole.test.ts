import { createHash } from 'node:crypto'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { writeWhole } from './write-whole.ts'

let folder = ''
beforeEach(async () => void (folder = await mkdtemp(join(tmpdir(), 'dagbok-whole-'))))
afterEach(() => rm(folder, { recursive: true }))

const hash = createHash('sha256').update('new bytes').digest('hex')

test('what is there is replaced by the whole, and nothing else is left', async () => {
  const file = join(folder, 'out.csv')
  await writeFile(file, 'old')
  await writeWhole(Readable.from([Buffer.from('new '), Buffer.from('bytes')]), file, hash)
  expect(await readFile(file, 'utf8')).toBe('new bytes')
  expect(await readdir(folder)).toEqual(['out.csv'])
})

test.each([
  [
    'breaks off',
    async function* () {
      yield Buffer.from('new ')
      throw new Error('cut off')
    },
    'cut off',
  ],
  [
    'ends too early',
    async function* () {
      yield Buffer.from('new ')
    },
    'Not all of it came',
  ],
])('a download that %s leaves the file as it was, and nothing beside it', async (_, bytes, words) => {
  const file = join(folder, 'out.csv')
  await writeFile(file, 'old')
  await expect(writeWhole(Readable.from(bytes()), file, hash)).rejects.toThrow(words)
  expect(await readFile(file, 'utf8')).toBe('old')
  expect(await readdir(folder)).toEqual(['out.csv'])
})
