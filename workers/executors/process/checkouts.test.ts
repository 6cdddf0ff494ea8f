import { mkdtemp, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Checkouts } from './checkouts.ts'
import { layOut } from './lay-out.ts'

const [a, b, c] = ['a', 'b', 'c'].map((letter) => `${letter}0000000-0000-4000-8000-000000000000`) as [
  string,
  string,
  string,
]
let folder = ''
let laid: string[] = []
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dagbok-checkouts-'))
  await mkdir(join(folder, 'versions'))
  laid = []
})
afterEach(() => rm(folder, { recursive: true, force: true }))

const open = (bootId: string | null = 'one') =>
  new Checkouts(
    join(folder, 'versions'),
    async function* (versionId) {
      laid.push(versionId)
      yield await Promise.resolve({
        path: 'd/own.txt',
        mode: '100644' as const,
        bytes: Buffer.from(versionId),
      })
    },
    { bootId, keep: 2 },
  )
const kept = async () => (await readdir(join(folder, 'versions'))).filter((name) => !name.startsWith('.'))
const shared = () => readdir(join(folder, 'versions/.shared'))

test('a version is laid out once, and what an attempt writes into its copy is nobody else’s', async () => {
  const checkouts = open()
  await Promise.all([checkouts.copy(a, join(folder, '1')), checkouts.copy(a, join(folder, '2'))])
  await writeFile(join(folder, '1/d/own.txt'), 'changed')
  await checkouts.copy(a, join(folder, '3'))
  expect(await readFile(join(folder, '2/d/own.txt'), 'utf8')).toBe(a)
  expect(await readFile(join(folder, '3/d/own.txt'), 'utf8')).toBe(a)
  expect(laid).toEqual([a])
})

test('the versions used last stay laid out, the others go', async () => {
  const checkouts = open()
  for (const [i, version] of [a, b, a, c].entries()) await checkouts.copy(version, join(folder, String(i)))
  await checkouts.idle()
  expect((await kept()).sort()).toEqual([a, c])
  await checkouts.copy(b, join(folder, 'again'))
  expect(await readFile(join(folder, 'again/d/own.txt'), 'utf8')).toBe(b)
  expect(laid).toEqual([a, b, c, b])
})

test('copies that are under way never lose their version', async () => {
  const checkouts = open()
  const all = Array.from({ length: 30 }, (_, i) => [[a, b, c][i % 3] ?? a, join(folder, String(i))] as const)
  await Promise.all(all.map(([version, target]) => checkouts.copy(version, target)))
  for (const [version, target] of all) expect(await readFile(join(target, 'd/own.txt'), 'utf8')).toBe(version)
  await checkouts.idle()
  expect((await kept()).length).toBe(2)
})

test('what an earlier life laid out is used; what it left half done goes', async () => {
  await open().copy(a, join(folder, '1'))
  await mkdir(join(folder, 'versions', `${b}.123`))
  await open().copy(a, join(folder, '2'))
  expect(await kept()).toEqual([a])
  expect(laid).toEqual([a])
})

test('[S3] a version with a link out of it is not laid out', async () => {
  const file = (path: string, mode: string, text: string) => ({ path, mode, bytes: Buffer.from(text) })
  const checkouts = new Checkouts(
    join(folder, 'versions'),
    async function* () {
      yield await Promise.resolve(file('d/p/q/up', '120000', '../..'))
      yield file('d/out', '120000', 'p/q/up/../../secret')
    },
    { bootId: null },
  )
  await expect(checkouts.copy(a, join(folder, '1'))).rejects.toThrow('d/out is a link out of the repository')
})

// On a disk that takes `d` and `D` for one, git can name these: here both names are the same.
test('[S3] nothing is written through a link, whatever the order and the names', async () => {
  const file = (path: string, mode: string, text: string) => ({ path, mode, bytes: Buffer.from(text) })
  async function* both() {
    await Promise.resolve()
    yield file('d', '120000', 'e')
    yield file('e/own.txt', '100644', 'mine')
    yield file('d/own.txt', '100644', 'not mine')
  }
  await expect(layOut(join(folder, 'laid'), both())).rejects.toMatchObject({ code: 'bad_input' })
  expect(await readFile(join(folder, 'laid/e/own.txt'), 'utf8')).toBe('mine')
})

test('a file that cannot be written is what is said, once no other is being written', async () => {
  const names = Array.from({ length: 40 }, (_, i) => (i === 20 ? 'x'.repeat(300) : `file-${i}`))
  const checkouts = new Checkouts(
    join(folder, 'versions'),
    async function* () {
      for (const path of names)
        yield await Promise.resolve({ path: `d/${path}`, mode: '100644' as const, bytes: Buffer.alloc(1000) })
    },
    { bootId: null },
  )
  await expect(checkouts.copy(a, join(folder, '1'))).rejects.toThrow('ENAMETOOLONG')
  expect(await kept()).toEqual([])
})

/** Versions of these files, of which two stay laid out. */
const versionsOf = (files: Record<string, [path: string, mode: string, text: string][]>) =>
  new Checkouts(
    join(folder, 'versions'),
    async function* (versionId) {
      await Promise.resolve()
      for (const [path, mode, text] of files[versionId] ?? []) yield { path, mode, bytes: Buffer.from(text) }
    },
    { bootId: null, keep: 2 },
  )

test('what versions have in common is on the disk once; what none has any more goes', async () => {
  const checkouts = versionsOf({
    [a]: [
      ['d/same.txt', '100644', 'same'],
      ['d/own.txt', '100644', 'a'],
    ],
    [b]: [
      ['d/moved.txt', '100644', 'same'],
      ['d/own.txt', '100644', 'b'],
      ['d/runs', '100755', 'same'],
    ],
    [c]: [['d/same.txt', '100644', 'same']],
  })
  const inode = async (path: string) => (await stat(join(folder, 'versions', path))).ino
  await checkouts.copy(a, join(folder, '1'))
  await checkouts.copy(b, join(folder, '2'))
  expect(await inode(`${a}/d/same.txt`)).toBe(await inode(`${b}/d/moved.txt`))
  expect(await inode(`${a}/d/own.txt`)).not.toBe(await inode(`${b}/d/own.txt`))
  expect((await stat(join(folder, '2/d/runs'))).mode & 0o777).toBe(0o755)
  expect((await stat(join(folder, '2/d/moved.txt'))).mode & 0o777).toBe(0o644)
  expect(await shared()).toHaveLength(4)
  await checkouts.copy(c, join(folder, '3'))
  await checkouts.idle()
  expect((await kept()).sort()).toEqual([b, c])
  expect(await shared()).toHaveLength(3)
  expect(await inode(`${c}/d/same.txt`)).toBe(await inode(`${b}/d/moved.txt`))
})

test('bytes that one version has twice go with it, and so do those of versions that go at the same time', async () => {
  const text = (n: number): [string, string, string][] => [
    ['d/one', '100644', `of ${n >> 1}`],
    ['d/two', '100644', `of ${n >> 1}`],
  ]
  const names = Array.from({ length: 20 }, (_, n) => `${a.slice(0, -2)}${10 + n}`)
  const checkouts = versionsOf(Object.fromEntries(names.map((name, n) => [name, text(n)])))
  await Promise.all(names.map((name) => checkouts.copy(name, join(folder, name))))
  await checkouts.idle()
  expect(await kept()).toHaveLength(2)
  const owners = async (name: string) => (await stat(join(folder, 'versions/.shared', name))).nlink - 1
  expect(await Promise.all((await shared()).map(owners))).not.toContain(0)
})

test('a version that cannot be laid out leaves nothing that others would share', async () => {
  const checkouts = versionsOf({
    [a]: [
      ['d/own.txt', '100644', 'a'],
      [`d/${'x'.repeat(300)}`, '100644', 'b'],
    ],
  })
  await expect(checkouts.copy(a, join(folder, '1'))).rejects.toThrow('ENAMETOOLONG')
  await checkouts.idle()
  expect(await shared()).toEqual([])
})

test('what a killed life left for nobody goes at the next start; without the folder versions share nothing', async () => {
  await open().copy(a, join(folder, '1'))
  await rm(join(folder, 'versions', a), { recursive: true })
  expect(await shared()).toHaveLength(1)
  const checkouts = open()
  await checkouts.copy(b, join(folder, '2'))
  expect(await shared()).toHaveLength(1)
  await rm(join(folder, 'versions/.shared'), { recursive: true })
  await checkouts.copy(c, join(folder, '3'))
  expect(await readFile(join(folder, '3/d/own.txt'), 'utf8')).toBe(c)
})

test.each([
  ['one', 'two'],
  [null, null],
])(
  'what was laid out before the machine was last started is laid out anew (boot %s, then %s): it may never have reached the disk',
  async (before, after) => {
    await open(before).copy(a, join(folder, '1'))
    await writeFile(join(folder, 'versions', a, 'd/own.txt'), '')
    await open(after).copy(a, join(folder, '2'))
    expect(await readFile(join(folder, '2/d/own.txt'), 'utf8')).toBe(a)
    expect(laid).toEqual([a, a])
  },
)

// As two names that only their case tells apart, on a disk that takes them for one.
test('[R12] a name that is there is never written through, as its bytes may be of other versions', async () => {
  const checkouts = versionsOf({
    [a]: [['d/own.txt', '100644', 'a']],
    [b]: [
      ['d/own.txt', '100644', 'a'],
      ['d/./own.txt', '100644', 'b'],
    ],
  })
  await checkouts.copy(a, join(folder, '1'))
  await checkouts.copy(b, join(folder, '2'))
  expect(await readFile(join(folder, '2/d/own.txt'), 'utf8')).toBe('b')
  await checkouts.copy(a, join(folder, '3'))
  expect(await readFile(join(folder, '3/d/own.txt'), 'utf8')).toBe('a')
})
