/** What a version may be called, and what wins where two are called the same. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findDagRow } from '#db/queries/dag-view.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { smallDag, startHosted, type Hosted, type WorkTree } from '../../testing/hosted.ts'
import { listVersions } from './read-version.ts'
import { readVersion, resolveVersion } from './resolve-version.ts'

const { database } = testDatabase()
let hosted: Hosted
let tree: WorkTree
/** Commits, oldest first: v1, v2 (on a branch and under a tag), v3 (the tip of `main`). */
const sha: string[] = []

const commit = async (says: string) => {
  await tree.write({ 'a/a.dag.md': smallDag('a', says) })
  const made = await tree.commit(says)
  sha.push(made)
  return made
}
const push = (...refs: string[]) => tree.git('push', '-q', '--force', hosted.remote('named'), ...refs)

beforeAll(async () => {
  hosted = await startHosted(database())
  tree = await hosted.work('named', {})
  await commit('one')
  await push('main')
  await commit('two')
  await push('main', 'main:refs/heads/side', 'main:refs/tags/release')
  await commit('three')
  await push('main')
})
afterAll(() => hosted.close())

async function dag() {
  const [team] = await database().client<{ id: string }[]>`select id from team where name = 'main'`
  const row = await findDagRow(database(), team?.id ?? '', 'named', 'a')
  if (row === null) throw new Error('the DAG is not there')
  return row
}
const numberOf = async (name: string | null) => (await resolveVersion(hosted.ctx, await dag(), name)).number

test('a version goes by number, branch, tag and commit, a ref also by its full name', async () => {
  const [, second = ''] = sha
  expect(await numberOf(null)).toBe(3)
  const names = [
    'v2',
    '2',
    'side',
    'refs/heads/side',
    'release',
    'refs/tags/release',
    second,
    second.slice(0, 7),
  ]
  expect(await Promise.all(names.map(numberOf))).toEqual(names.map(() => 2))
  for (const none of [
    'v9',
    'V2',
    'sid',
    'refs/heads/release',
    'refs/tags/side',
    'heads/side',
    'abcdef0',
    '-v2',
  ])
    await expect(numberOf(none), none).rejects.toThrow(
      `a has no version '${none}': give a number (v3), a branch`,
    )
})

test('where names are equal, a number comes before a branch, a branch before a tag, a tag before a commit', async () => {
  const [first = '', second = '', third = ''] = sha
  const short = first.slice(0, 8)
  await push(
    `${third}:refs/heads/v1`,
    `${third}:refs/heads/1`,
    `${second}:refs/heads/both`,
    `${first}:refs/tags/both`,
    `${third}:refs/tags/${short}`,
  )
  expect(await Promise.all(['v1', '1', 'refs/heads/v1'].map(numberOf))).toEqual([1, 1, 3])
  expect(await Promise.all(['both', 'refs/tags/both'].map(numberOf))).toEqual([2, 1])
  expect(await Promise.all([short, first].map(numberOf))).toEqual([3, 1])
  // Of a number that no version has, the branch is the next one asked.
  await push(`${second}:refs/heads/v8`)
  expect(await numberOf('v8')).toBe(2)
})

test('a commit that no ref ever pointed at is versioned when it is first asked for, once', async () => {
  const before = await dag()
  const between = await commit('four')
  const equal = await tree.commit('Nothing in it')
  await commit('five')
  await push('main')
  expect((await listVersions(hosted.ctx, await dag())).map(({ number }) => number)).toEqual([4, 3, 2, 1])

  // Who only reads makes nothing.
  await expect(readVersion(hosted.ctx, before, between)).rejects.toThrow('when a run of it is started')
  expect(await listVersions(hosted.ctx, await dag())).toHaveLength(4)

  expect(await Promise.all([between, between.slice(0, 9), between].map(numberOf))).toEqual([5, 5, 5])
  expect(await readVersion(hosted.ctx, before, between)).toMatchObject({ number: 5 })
  expect(await numberOf(equal)).toBe(5)
  const [made] = await listVersions(hosted.ctx, await dag())
  expect(made).toMatchObject({ number: 5, subject: 'four', commit: between })
  const repository = hosted.ctx.repositories.path((await dag()).repositoryId)
  const pins = await tree.git(`--git-dir=${repository}`, 'for-each-ref', 'refs/dagbok/pins')
  expect(pins).toContain(`refs/dagbok/pins/${between}`)
})

test('a commit that no branch or tag has any more gets no version; one that has its version keeps it', async () => {
  const tip = await tree.git('rev-parse', 'HEAD')
  const gone = await commit('six')
  const removed = await commit('seven')
  await push('main:refs/heads/topic')
  expect(await numberOf(removed)).toBe(6)
  await tree.git('reset', '-q', '--hard', tip.trim())
  await push('main:refs/heads/topic')
  for (const name of [gone, gone.slice(0, 8)])
    await expect(numberOf(name)).rejects.toThrow('a has no version')
  expect(await numberOf(removed)).toBe(6)
  const repository = hosted.ctx.repositories.path((await dag()).repositoryId)
  expect(await tree.git(`--git-dir=${repository}`, 'for-each-ref', 'refs/dagbok/pins')).not.toContain(gone)
})

test('a commit without the DAG, or with faults in it, is no version of it', async () => {
  await tree.write({ 'a/a.dag.md': smallDag('a').replace('bash script', 'basic script') })
  const faulty = await tree.commit('Faulty')
  await tree.write({ 'a/a.dag.md': smallDag('b') })
  const other = await tree.commit('Another one')
  await commit('five')
  await push('main')
  for (const name of [faulty, other]) await expect(numberOf(name)).rejects.toThrow('a has no version')
})
