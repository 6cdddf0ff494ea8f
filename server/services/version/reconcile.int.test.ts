import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRepository } from '#db/queries/repository.ts'
import { dagsAtRef } from '#db/queries/version.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { smallDag, startHosted, type Hosted } from '../../testing/hosted.ts'
import { ThreadedCompiler } from '../compile/threaded-compiler.ts'
import { reconcile } from './reconcile.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
})
afterAll(() => hosted.close())

/** Pushes a DAG, and has the database forget it: as a push whose look at the refs is still to come. */
async function pushedUnseen(name: string, text: string): Promise<string> {
  const tree = await hosted.work(name, { 'a/a.dag.md': text })
  await tree.commit('First')
  await tree.git('push', hosted.remote(name), 'main:side')
  const { id = '' } = (await findRepository(database(), 'main', name)) ?? {}
  await database().client`delete from dag where repository_id = ${id}`
  await database().client`delete from git_ref where repository_id = ${id}`
  return id
}
const seenLongAgo = (id: string) =>
  database().client`update git_ref set seen_at = now() - interval '1 hour' where repository_id = ${id}`
const told = async (id: string) =>
  (await dagsAtRef(database(), id, 'refs/heads/side')).map(({ number, faults }) => [
    number,
    ...faults.map((fault) => fault.message),
  ])

test('a notebook for which the machine had no time is tried again, and then has its version', async () => {
  const id = await pushedUnseen('busy', smallDag('a'))
  const busy = new ThreadedCompiler(() => {}, { notebookMs: 0, commitMs: 0 })
  await reconcile({ ...hosted.ctx, compiler: busy }, id)
  expect(await told(id)).toEqual([[null, expect.stringContaining('to compile')]])
  // Not at once: one that can never be compiled costs its time each time.
  await reconcile(hosted.ctx, id)
  expect((await told(id))[0]?.[0]).toBe(null)
  await seenLongAgo(id)
  await reconcile(hosted.ctx, id)
  expect(await told(id)).toEqual([[1]])
})

test('a fault of its author stands until the notebook is another one', async () => {
  const id = await pushedUnseen('faulty', smallDag('a'))
  await reconcile(hosted.ctx, id)
  const kept = JSON.stringify([{ file: 'a/a.dag.md', line: 1, column: 1, message: 'kept' }])
  await database()
    .client`update dag_ref set faults = ${kept}::text::jsonb, version_id = null where repository_id = ${id}`
  await seenLongAgo(id)
  await reconcile(hosted.ctx, id)
  expect(await told(id)).toEqual([[null, 'kept']])
})
