/** A DAG that uses a component of another repository, from its push on (N7): what is refused, what stays, what is taken over. */
import { createHash } from 'node:crypto'
import { symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRepository } from '#db/queries/repository.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { requireDag } from '#server/services/dag/address.ts'
import { readNotebook } from '#server/services/notebook/read-notebook.ts'
import { previewFork } from '#server/services/run/fork-run.ts'
import { rerun } from '#server/services/run/rerun.ts'
import { authenticateToken } from '#server/services/token/tokens.ts'
import { bundleFiles } from '#server/services/version/bundle-files.ts'
import { diffVersions, listVersions } from '#server/services/version/read-version.ts'
import type { WorkTree } from '#server/testing/hosted.ts'
import { openWorkshop, type Workshop } from '../../testing/workshop.ts'

const { database } = testDatabase()
let shop: Workshop
let parts: WorkTree
let using: WorkTree
beforeAll(async () => {
  shop = await openWorkshop(database())
  parts = await shop.hosted.work('parts', {
    'lib/c.dag.md': component('hi'),
    'lib/word.js': 'export const word = "first"\n',
  })
  await parts.commit('First')
  await parts.git('push', '-q', shop.hosted.remote('parts'), 'main')
  using = await shop.hosted.work('using', { 'd/own.txt': 'own\n' })
})
afterAll(() => shop.close())

const cell = (yaml: string, lang: string, script: string) =>
  `\`\`\`yaml task\n${yaml}\n\`\`\`\n\`\`\`${lang} script\n${script}\n\`\`\`\n`
const component = (says: string) =>
  `---\ndagbok: 1\nid: c\nkind: component\n---\n\n${cell('id: word', 'javascript', 'import { word } from "./word.js"\nconsole.log(word)')}\n${cell('id: say', 'bash', `echo ${says}`)}`
const dag = (uses: string) =>
  `---\ndagbok: 1\nid: using\n---\n\n\`\`\`yaml task\nid: part\nuses: ${uses}\n\`\`\`\n\n${cell('id: own', 'bash', 'cat own.txt')}`

async function asOwner() {
  const actor = await authenticateToken(database(), shop.hosted.token)
  if (actor === null) throw new Error('the token of the tests is known')
  const address = { team: 'main', repo: 'using', dag: 'using' }
  return { actor, row: () => requireDag(shop.hosted.ctx, actor, address, 'run:write') }
}

/** Commits the DAG with this component and pushes it, with a run of it. */
async function pushUsing(uses: string, more: Record<string, string> = {}) {
  await using.write({ 'd/using.dag.md': dag(uses), ...more })
  await using.commit('Use it')
  return using.git('push', '-q', '-o', 'run', shop.hosted.remote('using'), 'main')
}

async function refusalOf(uses: string): Promise<string> {
  await using.write({ 'd/using.dag.md': dag(uses) })
  await using.commit('Try it')
  const said = await using.fails('push', '-q', shop.hosted.remote('using'), 'main')
  return /^remote: error: (.*?)\s*$/m.exec(said)?.[1] ?? said
}

async function bytesOf(versionId: string): Promise<string> {
  const hash = createHash('sha256')
  for await (const { path, mode, bytes } of bundleFiles(shop.hosted.ctx, versionId))
    hash.update(`${mode} ${path} ${bytes.byteLength}\0`).update(bytes)
  return hash.digest('hex')
}

test('a repository of another team, or none, is one and the same; what is wrong is told at its place', async () => {
  const sha = (await parts.git('rev-parse', 'HEAD')).trim()
  const [team] = await database().client<
    { id: string }[]
  >`insert into team (name) values ('other') returning id`
  const [secret] = await database().client<{ id: string }[]>`
    insert into repository (team_id, name) values (${team?.id ?? ''}, 'secret') returning id`
  const { repositories } = shop.hosted.ctx
  await repositories.create(secret?.id ?? '')
  const bare = `--git-dir=${repositories.path(secret?.id ?? '')}`
  await parts.git(bare, 'fetch', '-q', parts.path, 'main:refs/heads/main')
  expect(await repositories.commitOf(secret?.id ?? '', sha)).toBe(sha)
  const hidden = await refusalOf(`other/secret/lib/c.dag.md@${sha}`)
  expect(hidden).toMatch(
    /^d\/using\.dag\.md:8:7 there is no repository 'other\/secret' that may be used here/,
  )
  const none = await refusalOf(`main/none/lib/c.dag.md@${sha}`)
  expect(none.replace('main/none', 'other/secret')).toBe(hidden)
  // Of both it is said whatever the commit.
  const lost = 'f'.repeat(40)
  expect(await refusalOf(`other/secret/lib/c.dag.md@${lost}`)).toBe(hidden)
  expect(await refusalOf(`main/parts/lib/c.dag.md@${lost}`)).toBe(
    `d/using.dag.md:8:7 there is no commit ${lost} in 'main/parts'`,
  )
  expect(await refusalOf(`main/parts/lib/d.dag.md@${sha}`)).toBe(
    `d/using.dag.md:8:7 there is no file 'main/parts/lib/d.dag.md@${sha}' in the repository`,
  )
  const many = Array.from(
    { length: 51 },
    (_, n) => `main/parts/lib/c.dag.md@${n.toString(16).padStart(40, '0')}`,
  )
  const cells = many.map((uses, n) => `\`\`\`yaml task\nid: p${n}\nuses: ${uses}\n\`\`\`\n`)
  await using.write({ 'd/many.dag.md': `---\ndagbok: 1\nid: many\n---\n\n${cells.join('\n')}` })
  expect(await refusalOf('./c.dag.md')).toMatch(
    /components of other repositories are of more than 50 commits/,
  )
  await using.git('rm', '-qf', 'd/many.dag.md')
  expect(await refusalOf('main/parts/lib/c.dag.md@main')).toMatch(
    /^d\/using\.dag\.md:8:7 'main' is not the full SHA/,
  )
})

test('[S3] a commit that could not be pushed as the tip of a branch cannot be used either', async () => {
  await parts.git('checkout', '-q', '-b', 'odd')
  await symlink('../../../../../../d/own.txt', join(parts.path, 'lib/out.txt'))
  await parts.commit('With a link that leads out')
  const sha = (await parts.git('rev-parse', 'HEAD')).trim()
  await parts.git('rm', '-q', 'lib/out.txt')
  await parts.commit('Without it')
  await parts.git('push', '-q', shop.hosted.remote('parts'), 'odd')
  await parts.git('checkout', '-q', 'main')
  expect(await refusalOf(`main/parts/lib/c.dag.md@${sha}`)).toMatch(
    /^main\/parts@[0-9a-f]{40} cannot be used: lib\/out\.txt is a link out of the repository/,
  )
})

test('[R11] force-push, deletion of the branch and gc of the other repository take nothing from who uses it', async () => {
  await parts.git('checkout', '-q', '-b', 'side')
  await parts.write({ 'lib/word.js': 'export const word = "side"\n' })
  const sha = await parts.commit('Side')
  await parts.git('push', '-q', shop.hosted.remote('parts'), 'side')
  await pushUsing(`main/parts/lib/c.dag.md@${sha}`)
  const first = await shop.ended('using', 1)
  expect([first.state, await shop.log(first.id, 'part.word'), await shop.log(first.id, 'own')]).toEqual([
    'succeeded',
    'side\n',
    'own\n',
  ])
  const { actor, row } = await asOwner()
  const [version] = await listVersions(shop.hosted.ctx, await row())
  const before = await bytesOf(version?.id ?? '')

  const id = (await findRepository(database(), 'main', 'parts'))?.id ?? ''
  const bare = `--git-dir=${shop.hosted.ctx.repositories.path(id)}`
  await parts.git('commit', '-q', '--amend', '--allow-empty', '-m', 'Rewritten')
  await parts.git('push', '-q', '--force', shop.hosted.remote('parts'), 'side')
  await parts.git('push', '-q', shop.hosted.remote('parts'), ':side')
  await parts.git(bare, 'reflog', 'expire', '--expire=now', '--all')
  await parts.git(bare, 'gc', '--prune=now', '--quiet')
  expect(await bytesOf(version?.id ?? '')).toBe(before)
  const again = await rerun(shop.hosted.ctx, actor, first.id, null)
  expect((await shop.ended('using', 1)).id).toBe(again.id)
  expect(await shop.log(again.id, 'part.word')).toBe('side\n')
  // The next commit of the one that uses it has it, too.
  // What it has itself where those files are to be is in no version.
  await pushUsing(`main/parts/lib/c.dag.md@${sha}`, {
    'd/own.txt': 'later\n',
    [`.dagbok/uses/main/parts/${sha}/lib/word.js`]: 'export const word = "forged"\n',
    [`.dagbok/uses/main/parts/${sha}/lib/forged.dag.md`]: dag('./c.dag.md').replace('using', 'forged'),
  })
  const later = await shop.ended('using', 2)
  expect([later.state, await shop.log(later.id, 'part.word')]).toEqual(['succeeded', 'side\n'])
  expect(await database().client`select name from dag`).toEqual([{ name: 'using' }])
})

test('a component may come from an earlier commit of its own repository, also from one of the same push', async () => {
  const tree = await shop.hosted.work('self', {
    'lib/c.dag.md': component('old'),
    'lib/word.js': 'export const word = "earlier"\n',
  })
  const sha = await tree.commit('First')
  await tree.write({
    'lib/word.js': 'export const word = "later"\n',
    'd/self.dag.md': dag(`main/self/lib/c.dag.md@${sha}`).replace('id: using', 'id: self'),
    'd/own.txt': 'own\n',
  })
  await tree.commit('Use it')
  await tree.git('push', '-q', '-o', 'run', shop.hosted.remote('self'), 'main')
  const run = await shop.ended('self', 1)
  expect([run.state, await shop.log(run.id, 'part.word')]).toEqual(['succeeded', 'earlier\n'])
})

test('a fork takes over what another commit of the component leaves as it was; what changed is shown as such', async () => {
  const { ctx } = shop.hosted
  const { actor, row } = await asOwner()
  await parts.git('checkout', '-q', 'main')
  const first = (await parts.git('rev-parse', 'HEAD')).trim()
  await pushUsing(`main/parts/lib/c.dag.md@${first}`)
  const run = await shop.ended('using', 3)
  await parts.write({ 'lib/c.dag.md': component('ho') })
  const said = await parts.commit('Say another word')
  await parts.git('push', '-q', shop.hosted.remote('parts'), 'main')
  await pushUsing(`main/parts/lib/c.dag.md@${said}`)
  await parts.write({ 'lib/word.js': 'export const word = "third"\n' })
  const moved = await parts.commit('Another file')
  await parts.git('push', '-q', shop.hosted.remote('parts'), 'main')
  await pushUsing(`main/parts/lib/c.dag.md@${moved}`)
  const why = async (version: string) =>
    Object.fromEntries(
      (await previewFork(ctx, actor, run.id, { version, params: {} })).map((item) => [
        item.task,
        item.reuse === null ? item.why : 'reused',
      ]),
    )
  expect(await why('v4')).toEqual({ 'part.word': 'reused', 'part.say': 'It changed: script.', own: 'reused' })
  expect(await why('v5')).toMatchObject({
    'part.word': 'Files that it may read changed: .dagbok/uses/main/parts/lib/word.js.',
  })

  const versions = await listVersions(ctx, await row())
  const idOf = (number: number) => versions.find((one) => one.number === number)?.id ?? ''
  const { files, graph } = await diffVersions(ctx, await row(), idOf(4), idOf(5))
  expect(files.map(({ path, change, before, after }) => [path, change, before, after])).toEqual([
    [
      `.dagbok/uses/main/parts/${moved}/lib/word.js`,
      'changed',
      'export const word = "first"\n',
      'export const word = "third"\n',
    ],
    [
      'd/using.dag.md',
      'changed',
      dag(`main/parts/lib/c.dag.md@${said}`),
      dag(`main/parts/lib/c.dag.md@${moved}`),
    ],
  ])
  expect(graph.tasks.map(({ id, change }) => [id, change])).toEqual([
    ['part.word', 'same'],
    ['part.say', 'same'],
    ['own', 'same'],
  ])
  const shown = await readNotebook(ctx, await row())
  expect(shown.faults).toEqual([])
  expect(shown.graph.tasks.map(({ id }) => id)).toEqual(['part.word', 'part.say', 'own'])
  expect(shown.files).toContainEqual({ path: `.dagbok/uses/main/parts/${moved}/lib/word.js`, size: 28 })
})
