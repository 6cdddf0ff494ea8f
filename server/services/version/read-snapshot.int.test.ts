/** A commit that is read while its objects go: those of a push are gone with it when it is ended. */
import { rename } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRepository } from '#db/queries/repository.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { smallDag, startHosted, type Hosted } from '../../testing/hosted.ts'
import { readSnapshot, runForPush } from './read-snapshot.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
})
afterAll(() => hosted.close())

test('[R10] a notebook whose bytes are gone is no empty one, and what came of it is not remembered for the next push', async () => {
  const { ctx } = hosted
  const tree = await hosted.work('killed', { 'a/a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', '-q', hosted.remote('killed'), 'main')
  await tree.write({ 'a/a.dag.md': smallDag('a', 'second') })
  const sha = await tree.commit('Second')
  const { id = '' } = (await findRepository(database(), 'main', 'killed')) ?? {}
  const objects = join(tree.path, '.git/objects')
  const quarantine = { objects, alternates: join(ctx.repositories.path(id), 'objects') }
  const entries = await ctx.repositories.tree(id, sha, quarantine)
  const blob = entries[0]?.blob ?? ''
  const object = join(objects, blob.slice(0, 2), blob.slice(2))
  const read = () => readSnapshot(ctx, id, entries, { q: ctx.db, printed: runForPush, quarantine })
  await rename(object, `${object}.gone`)
  await expect(read()).rejects.toMatchObject({
    code: 'unavailable',
    message: 'The bytes of a/a.dag.md are not in the repository.',
  })
  await rename(`${object}.gone`, object)
  expect(await read()).toMatchObject([{ id: 'a', faults: [], spec: { id: 'a' } }])
})
