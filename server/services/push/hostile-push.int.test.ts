/** Pushes as no git client of good will sends them. */
import { execFile } from 'node:child_process'
import { mkdir, symlink } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRepository } from '#db/queries/repository.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { gitEnvironment, noSha } from '../../git/run-git.ts'
import { smallDag, startHosted, type Hosted, type WorkTree } from '../../testing/hosted.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
})
afterAll(() => hosted.close())

async function pushed(name: string): Promise<WorkTree> {
  const tree = await hosted.work(name, { 'a/a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', hosted.remote(name), 'main')
  return tree
}

const refsOf = async (name: string) =>
  hosted.ctx.repositories.refs((await findRepository(database(), 'main', name))?.id ?? '')

const versionsOf = async (name: string) =>
  (
    await database().client<{ commit_sha: string }[]>`
      select v.commit_sha from version v join dag d on d.id = v.dag_id join repository r on r.id = d.repository_id
      where r.name = ${name} order by v.number`
  ).map((row) => row.commit_sha)

const line = (text: string) => `${(Buffer.byteLength(text) + 4).toString(16).padStart(4, '0')}${text}`

/** A push written by hand: git's own client takes no option of two lines. */
async function rawPush(
  tree: WorkTree,
  name: string,
  update: { from: string; to: string; ref: string },
  options: string[],
): Promise<string> {
  const { from, to, ref } = update
  const packing = promisify(execFile)('git', ['pack-objects', '--revs', '--stdout', '--thin', '-q'], {
    cwd: tree.path,
    env: gitEnvironment(),
    encoding: 'buffer',
  })
  packing.child.stdin?.end(`${to}\n`)
  const { stdout: pack } = await packing
  const head = `${from} ${to} ${ref}\0report-status push-options object-format=sha1\n`
  const body = Buffer.concat([
    Buffer.from(`${line(head)}0000${options.map(line).join('')}0000`),
    to === noSha ? Buffer.alloc(0) : pack,
  ])
  const url = new URL(`${hosted.remote(name)}/git-receive-pack`)
  const authorization = `Basic ${Buffer.from(`tests:${hosted.token}`).toString('base64')}`
  const response = await fetch(`${url.origin}${url.pathname}`, {
    method: 'POST',
    headers: { authorization, 'content-type': 'application/x-git-receive-pack-request' },
    body,
  })
  return response.text()
}

test.each([
  ['that ends the conversation', () => 'run\n.'],
  ['that names another ref', (sha: string) => `run\nupdate ${noSha} ${sha} refs/heads/harmless\n.`],
])('[S3] a push option %s does not get a push past its checks', async (_, option) => {
  const name = `option-${option('x').length}`
  const tree = await pushed(name)
  const first = (await tree.git('rev-parse', 'HEAD')).trim()
  await tree.git('commit', '-q', '--amend', '-m', 'Rewritten')
  const other = (await tree.git('rev-parse', 'HEAD')).trim()
  await rawPush(tree, name, { from: first, to: other, ref: 'refs/heads/main' }, [option(other)])
  expect((await refsOf(name)).get('refs/heads/main')).toBe(first)
})

test('[S3] a link that leaves the repository by way of another link is refused', async () => {
  const tree = await hosted.work('detour', { 'a/a.dag.md': smallDag('a'), 'p/q/r/s/file': '' })
  await mkdir(join(tree.path, 'a'), { recursive: true })
  await symlink('../../../../a', join(tree.path, 'p/q/r/s/up'))
  const link = join(tree.path, 'a/.dagbok-say.sh')
  await symlink('../p/q/r/s/up/../../../etc/passwd', link)
  expect(dirname(link)).toContain('detour')
  await tree.commit('Detour')
  expect(await tree.fails('push', hosted.remote('detour'), 'main')).toContain(
    'a/.dagbok-say.sh is a link out of the repository',
  )
})

test('[S3] links that lead round in a circle are refused; one to a folder is taken', async () => {
  const tree = await hosted.work('circle', { 'a/a.dag.md': smallDag('a'), 'a/real/x': '' })
  await symlink('real', join(tree.path, 'a/good'))
  await symlink('good/x', join(tree.path, 'a/good-too'))
  await tree.commit('Good')
  await tree.git('push', hosted.remote('circle'), 'main')
  await symlink('two', join(tree.path, 'a/one'))
  await symlink('one', join(tree.path, 'a/two'))
  await tree.commit('Circle')
  expect(await tree.fails('push', hosted.remote('circle'), 'main')).toContain('a/one is a link')
})

test.each([
  ['a tree', 'HEAD^{tree}'],
  ['a file', 'HEAD:a/a.dag.md'],
])('[R18] a tag of %s is refused, and holds up no later push', async (_, what) => {
  const name = `tag-${what.length}`
  const tree = await pushed(name)
  await tree.write({ 'a/a.dag.md': smallDag('a', 'tagged') })
  await tree.commit('Tagged')
  await tree.git('tag', 'odd', (await tree.git('rev-parse', what)).trim())
  expect(await tree.fails('push', hosted.remote(name), 'odd')).toContain('odd is no commit')
  await tree.git('push', hosted.remote(name), 'main')
  expect(await versionsOf(name)).toHaveLength(2)
})

test('[R18] a commit dated millions of years ahead holds up no later push', async () => {
  const tree = await hosted.work('dated', { 'a/a.dag.md': smallDag('a') })
  await tree.git('add', '-A')
  const written = (await tree.git('write-tree')).trim()
  const text = `tree ${written}\nauthor A <a@b> 99999999999999 +0000\ncommitter A <a@b> 99999999999999 +0000\n\nLater\n`
  const making = promisify(execFile)('git', ['hash-object', '-w', '-t', 'commit', '--stdin'], {
    cwd: tree.path,
    env: gitEnvironment(),
  })
  making.child.stdin?.end(text)
  const sha = (await making).stdout.trim()
  await tree.git('push', hosted.remote('dated'), `${sha}:refs/heads/main`)
  expect(await versionsOf('dated')).toEqual([sha])
})

test('an annotated tag is told of, and runs what it was pushed with', async () => {
  const tree = await pushed('annotated')
  await tree.write({ 'a/a.dag.md': smallDag('a', 'released') })
  const sha = await tree.commit('Release')
  await tree.git('tag', '-a', '-m', 'Release', 'r1')
  const said = await tree.git('push', '-o', 'run', hosted.remote('annotated'), 'r1')
  expect(said).toContain('remote: a v2')
  expect(said).toContain('remote: a run 1')
  expect((await refsOf('annotated')).get('refs/tags/r1')).toBe(sha)
  expect(await database().client`select from push where state = 'checked'`).toHaveLength(0)
})

test.each([
  ['a title', (text: string) => text.replace('id: odd\n', 'id: odd\ntitle: "a\\0b"\n')],
  ['half a character in a title', (text: string) => text.replace('id: odd\n', 'id: odd\ntitle: "\\uD800"\n')],
  ['a key', (text: string) => text.replace('id: say\n', 'id: say\n"ti\\0tle": x\n')],
  ['an extension', (text: string) => text.replace('id: say\n', 'id: say\nx-y: "a\\0b"\n')],
  ['a script', (text: string) => text.replace('echo hi', 'echo \0')],
  ['an environment', (text: string) => text.replace('id: say\n', 'id: say\nenv: {A: "\\0"}\n')],
  [
    'a param',
    (text: string) => text.replace('id: odd\n', 'id: odd\nparams: {p: {type: string, default: "\\0"}}\n'),
  ],
])('[R18] a NUL in %s of a notebook holds up no push', async (what, spoil) => {
  const name = `nul-${what.replaceAll(' ', '-')}`
  const tree = await pushed(name)
  await tree.git('checkout', '-q', '-b', 'side')
  await tree.write({ 'odd/odd.dag.md': spoil(smallDag('odd')) })
  await tree.commit('Odd')
  await tree.git('push', hosted.remote(name), 'side')
  await tree.write({ 'a/a.dag.md': smallDag('a', 'again') })
  await tree.commit('Again')
  await tree.git('push', hosted.remote(name), 'side')
  expect(await versionsOf(name)).not.toHaveLength(1)
})
