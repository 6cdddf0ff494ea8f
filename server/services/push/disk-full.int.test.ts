/** [R15] Pushes and commits while a disk is full. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { Disks } from '../../storage/disks.ts'
import type { Actor } from '../actor.ts'
import { gitEndpoint } from './git-endpoint.ts'
import { smallDag, startHosted, type Hosted } from '../../testing/hosted.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
})
afterAll(() => hosted.close())

const bounded = (least: number) =>
  (hosted.ctx.disks = new Disks([{ place: 'the data folder', folder: hosted.folder }], least))

const refusal =
  /remote: The disk of the data folder is full: .* are free, and new work starts from .* on\. Make room there, and it goes on by itself\./

test('a push is refused with one sentence and leaves nothing; reads go on; the same push works once there is room', async () => {
  const tree = await hosted.work('full', { 'a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', '-q', hosted.remote('full'), 'main')
  await tree.write({ 'a.dag.md': smallDag('a', 'more') })
  const second = await tree.commit('Second')
  bounded(Number.MAX_SAFE_INTEGER)
  expect(await tree.fails('push', hosted.remote('full'), 'main')).toMatch(refusal)
  expect(await tree.fails('push', hosted.remote('unborn'), 'main')).toMatch(refusal)
  const repositories = await database().client<{ name: string }[]>`select name from repository`
  expect(repositories.map(({ name }) => name)).toEqual(['full'])
  expect(await database().client`select from push where state <> 'reconciled'`).toEqual([])
  expect(await tree.git('ls-remote', hosted.remote('full'), 'main')).not.toContain(second)
  await tree.git('clone', '-q', hosted.remote('full'), 'read')
  bounded(0)
  expect(await tree.git('push', hosted.remote('full'), 'main')).toContain('a v2: changed say')
})

test('objects that took the last of the disk are refused before a ref moves', async () => {
  const tree = await hosted.work('late', { 'a.dag.md': smallDag('a') })
  await tree.commit('First')
  // Of the push's three questions the last is asked when its objects have come.
  let asked = 0
  const measure = () => Promise.resolve([{ place: 'the data folder', free: ++asked > 2 ? 0 : 2 }])
  hosted.ctx.disks = Object.assign(bounded(1), { measure })
  const said = await tree.fails('push', hosted.remote('late'), 'main')
  expect(said).toMatch(/remote: error: The disk of the data folder is full: 0 B are free/)
  bounded(0)
  expect(await tree.git('ls-remote', hosted.remote('late'))).toBe('')
  expect(await tree.git('push', hosted.remote('late'), 'main')).toContain('a v1: new')
})

test('who may not write is not told of the disk', async () => {
  bounded(Number.MAX_SAFE_INTEGER)
  const { open } = gitEndpoint(hosted.ctx)
  const stranger: Actor = { userId: crypto.randomUUID(), name: 'S', email: 's@x', teams: [], via: 'token' }
  await expect(open(stranger, 'main', 'full', true)).rejects.toMatchObject({ code: 'not_found' })
})
