/** R11: what happens to a repository's history never reaches a version that was shown. */
import { createHash } from 'node:crypto'
import { chmod, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRepository } from '#db/queries/repository.ts'
import { specOf } from '#db/queries/version.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { rerun } from '#server/services/run/rerun.ts'
import { authenticateToken } from '#server/services/token/tokens.ts'
import { bundleFiles } from '#server/services/version/bundle-files.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'

const { database } = testDatabase()
let shop: Workshop
beforeAll(async () => {
  shop = await openWorkshop(database())
})
afterAll(() => shop.close())

const cell = (yaml: string, script: string) =>
  `\`\`\`yaml task\n${yaml}\n\`\`\`\n\`\`\`bash script\n${script}\n\`\`\`\n`
const notebook = (hold: string) =>
  `---\ndagbok: 1\nid: kept\n---\n\n${cell('id: hold', hold)}\n${cell('id: say\nneeds: [hold]', 'cat data.txt')}`

/** SHA-256 over the paths, modes and bytes of a version, as a task would get them; and over its spec. */
async function identity(versionId: string): Promise<{ tree: string; spec: string }> {
  const tree = createHash('sha256')
  for await (const { path, mode, bytes } of bundleFiles(shop.hosted.ctx, versionId))
    tree.update(`${mode} ${path} ${bytes.byteLength}\0`).update(bytes)
  const spec = createHash('sha256').update(JSON.stringify(await specOf(database(), versionId)))
  return { tree: tree.digest('hex'), spec: spec.digest('hex') }
}

const newest = async (state: string) => {
  const [row] = await database().client<{ id: string; version: string }[]>`
    select r.id, r.version_id as version from run r join dag d on d.id = r.dag_id join version v on v.id = r.version_id
    where d.name = 'kept' and v.number = 2 and r.state::text = ${state} order by r.number desc limit 1`
  return row
}

test('[R11] force-push, deletion of the branch and gc change no version, not while it runs and not after', async () => {
  await chmod(shop.hosted.folder, 0o711)
  const release = join(shop.hosted.folder, 'go')
  const tree = await shop.hosted.work('kept', { 'd/kept.dag.md': notebook('true'), 'd/data.txt': 'main\n' })
  await tree.commit('First')
  await tree.git('push', '-q', shop.hosted.remote('kept'), 'main')
  await tree.git('checkout', '-q', '-b', 'side')
  const hold = `while [ ! -e ${release} ]; do sleep 0.02; done`
  await tree.write({ 'd/kept.dag.md': notebook(hold), 'd/data.txt': 'side\n' })
  const shown = await tree.commit('Side')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('kept'), 'side')
  const running = await shop.until(() => newest('running'))
  const before = await identity(running.version)

  // A rewritten history: another commit in its place, then no branch, then nothing that only the old one needs.
  const repository = (await findRepository(database(), 'main', 'kept'))?.id ?? ''
  const bare = `--git-dir=${shop.hosted.ctx.repositories.path(repository)}`
  const collect = async () => {
    await tree.git(bare, 'reflog', 'expire', '--expire=now', '--all')
    await tree.git(bare, 'gc', '--prune=now', '--quiet')
  }
  await tree.write({ 'd/data.txt': 'rewritten\n' })
  await tree.git('commit', '-qa', '--amend', '-m', 'Rewritten')
  await tree.git('push', '-q', '--force', shop.hosted.remote('kept'), 'side')
  await collect()
  expect(await identity(running.version)).toEqual(before)
  await tree.git('push', '-q', shop.hosted.remote('kept'), ':side')
  await collect()
  expect(await identity(running.version)).toEqual(before)

  await writeFile(release, '')
  const first = await shop.ended('kept', 2)
  expect([first.id, first.state, await shop.log(first.id, 'say')]).toEqual([
    running.id,
    'succeeded',
    'side\n',
  ])
  await collect()
  const actor = await authenticateToken(database(), shop.hosted.token)
  if (actor === null) throw new Error('the token of the tests is known')
  const { id } = await rerun(shop.hosted.ctx, actor, running.id, null)
  const again = await shop.ended('kept', 2)
  expect([again.id, again.state, await shop.log(id, 'say')]).toEqual([id, 'succeeded', 'side\n'])
  expect(await identity(running.version)).toEqual(before)
  expect((await shop.hosted.ctx.repositories.commit(repository, shown)).subject).toBe('Side')
  expect(await tree.git(bare, 'fsck', '--full', '--no-dangling')).not.toMatch(/missing|broken|error/)
})
