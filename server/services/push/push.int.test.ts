import { symlink } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findRepository } from '#db/queries/repository.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { GitReconciler } from '#workers/reconciler/git-reconciler.ts'
import { smallDag, startHosted, type Hosted } from '../../testing/hosted.ts'
import { reconcile } from '../version/reconcile.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
})
afterAll(() => hosted.close())

interface Row {
  dag: string
  number: number
  commit_sha: string
}
const versions = (repository: string): Promise<Row[]> =>
  database().client<Row[]>`
    select d.name as dag, v.number, v.commit_sha from version v join dag d on d.id = v.dag_id join repository r on r.id = d.repository_id
    where r.name = ${repository} order by d.name, v.number`

test('a push makes the repository and its versions, and says what changed and where to look', async () => {
  const tree = await hosted.work('first', { 'a/a.dag.md': smallDag('a'), 'b/b.dag.md': smallDag('b') })
  const sha = await tree.commit('First')
  const said = await tree.git('push', hosted.remote('first'), 'main')
  expect(said).toContain('remote: a v1: new, 1 task')
  expect(said).toContain('http://dagbok.test/main/first/a/versions?version=1')
  expect(await versions('first')).toEqual([
    { dag: 'a', number: 1, commit_sha: sha },
    { dag: 'b', number: 1, commit_sha: sha },
  ])

  await tree.write({ 'a/a.dag.md': smallDag('a', 'hello'), 'README.md': 'nobody reads this\n' })
  const second = await tree.commit('Second')
  const again = await tree.git('push', hosted.remote('first'), 'main')
  expect(again).toContain('remote: a v2: changed say')
  expect(again).toContain('compare with v1: http://dagbok.test/main/first/a/versions?a=1&b=2')
  expect(again).not.toContain('remote: b v')
  expect((await versions('first')).map((row) => `${row.dag} v${row.number}`)).toEqual([
    'a v1',
    'a v2',
    'b v1',
  ])
  expect((await versions('first'))[1]?.commit_sha).toBe(second)
})

test('content that comes back gets its old number; a renamed file keeps the DAG', async () => {
  const tree = await hosted.work('back', { 'a/a.dag.md': smallDag('a') })
  for (const says of ['one', 'two', 'one']) {
    await tree.write({ 'a/a.dag.md': smallDag('a', says) })
    await tree.commit(says)
    await tree.git('push', hosted.remote('back'), 'main')
  }
  expect((await versions('back')).map((row) => row.number)).toEqual([1, 2])
  await tree.git('mv', 'a', 'moved')
  await tree.commit('Move')
  expect(await tree.git('push', hosted.remote('back'), 'main')).toContain('a v3: same tasks, other files')
  expect((await versions('back')).map((row) => `${row.dag} v${row.number}`)).toEqual(['a v1', 'a v2', 'a v3'])
})

test('a push with five faults in five files is refused, and names each with file, line and column', async () => {
  const broken = ['needs: [x]', 'retrys: 1', 'timeout: soon', 'trigger_rule: never', 'if: ${{ params.q }}']
  const files = Object.fromEntries(
    broken.map((line, i) => [
      `d${i}/d${i}.dag.md`,
      smallDag(`d${i}`).replace('id: say\n', `id: say\n${line}\n`),
    ]),
  )
  const tree = await hosted.work('broken', { ...files, 'good/good.dag.md': smallDag('good') })
  await tree.commit('Five faults')
  const said = await tree.fails('push', hosted.remote('broken'), 'main')
  for (const i of broken.keys())
    expect(said).toMatch(new RegExp(`remote: error: d${i}/d${i}\\.dag\\.md:8:\\d+ `))
  expect(said).toContain("d1/d1.dag.md:8:1 `retrys` is not a key of a task (did you mean 'retries'?)")
  expect(await versions('broken')).toEqual([])
})

test('on another branch faults are told and taken; the sound DAGs of the push have versions', async () => {
  const tree = await hosted.work('branch', { 'a/a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', hosted.remote('branch'), 'main')
  await tree.git('checkout', '-q', '-b', 'try')
  await tree.write({
    'a/a.dag.md': smallDag('a').replace('id: say\n', 'id: say\nneeds: [x]\n'),
    'b/b.dag.md': smallDag('b'),
  })
  await tree.commit('Try')
  const said = await tree.git('push', hosted.remote('branch'), 'try')
  expect(said).toContain('remote: error: a/a.dag.md:8:9 unknown task')
  expect(said).toContain('accepted with faults')
  expect((await versions('branch')).map((row) => `${row.dag} v${row.number}`)).toEqual(['a v1', 'b v1'])
})

test('a new branch is told against the default branch; what only its front matter changes is named', async () => {
  const tree = await hosted.work('side', { 'a/a.dag.md': smallDag('a'), 'b/b.dag.md': smallDag('b') })
  await tree.commit('First')
  await tree.git('push', hosted.remote('side'), 'main')
  await tree.git('checkout', '-q', '-b', 'try')
  await tree.write({ 'a/a.dag.md': smallDag('a').replace('id: a\n', 'id: a\nparams: {n: {default: 1}}\n') })
  await tree.commit('Try')
  const said = await tree.git('push', hosted.remote('side'), 'try')
  expect(said).toContain('a v2: other params')
  expect(said).toContain('compare with v1')
  expect(said).not.toContain('b v1')
})

test('a run that is asked for in vain is said so', async () => {
  const tree = await hosted.work('vain', { 'a/a.dag.md': smallDag('a'), 'b/b.dag.md': smallDag('b') })
  await tree.commit('First')
  const push = (...options: string[]) =>
    tree.git('push', ...options.flatMap((option) => ['-o', option]), hosted.remote('vain'), 'main')
  expect(await push('run=a', 'run=c')).toMatch(
    /a run 1: [^]*c was not run: this push changed no DAG of that name/,
  )
  await tree.write({ 'README.md': 'nobody reads this\n' })
  await tree.commit('Second')
  expect(await push('run')).toContain('nothing was run: this push changed no DAG')
})

test('a run that is asked for of what has faults is said to fail by them, not by a lack of changes', async () => {
  const tree = await hosted.work('vain-faults', { 'a/a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', hosted.remote('vain-faults'), 'main')
  await tree.git('checkout', '-q', '-b', 'try')
  const faulty = (id: string) => smallDag(id).replace('id: say\n', 'id: say\nneeds: [x]\n')
  await tree.write({ 'a/a.dag.md': faulty('a'), 'b/b.dag.md': faulty('b') })
  await tree.commit('Try')
  const push = (option: string) => tree.git('push', '-o', option, hosted.remote('vain-faults'), 'try')
  expect(await push('run')).toContain(
    'nothing was run: a/a.dag.md, b/b.dag.md have faults, and this push changed no other DAG',
  )
  await tree.write({ 'b/b.dag.md': smallDag('b'), 'a/note.md': 'still faulty\n' })
  await tree.commit('Mend b')
  expect(await push('run=a')).toContain(
    'a was not run: a/a.dag.md has faults, and this push changed no other DAG of that name',
  )
})

test('a notebook at the root is taken with a warning when a task of it names a file that it has not', async () => {
  const tree = await hosted.work('root', { 'a.dag.md': smallDag('a', 'from ./word.txt'), 'word.txt': 'hi\n' })
  await tree.commit('First')
  const said = await tree.git('push', hosted.remote('root'), 'main')
  expect(said).toContain("remote: warning: a.dag.md:1:1 a notebook at the repository's root has itself alone")
  expect(said).toContain('will not find word.txt')
  expect(said).not.toContain('accepted with faults')
  expect(said).toContain('a v1: new, 1 task')
})

test('the default branch is protected: no force-push, no deletion; other refs move freely', async () => {
  const tree = await hosted.work('protect', { 'a/a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', hosted.remote('protect'), 'main')
  await tree.git('commit', '-q', '--amend', '-m', 'Other')
  expect(await tree.fails('push', '--force', hosted.remote('protect'), 'main')).toContain('main is protected')
  expect(await tree.fails('push', hosted.remote('protect'), ':main')).toContain('cannot be deleted')
  await tree.git('push', hosted.remote('protect'), 'main:side')
  await tree.git('push', hosted.remote('protect'), ':side')
  expect(await tree.fails('push', hosted.remote('protect'), 'main:refs/dagbok/pins/x')).toMatch(
    /cannot be pushed|deny updating a hidden ref/,
  )
})

test('[R11] a version outlives its branch, and gc', async () => {
  const tree = await hosted.work('gone', { 'a/a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', hosted.remote('gone'), 'main')
  await tree.git('checkout', '-q', '-b', 'side')
  await tree.write({ 'a/a.dag.md': smallDag('a', 'side') })
  const sha = await tree.commit('Side')
  await tree.git('push', hosted.remote('gone'), 'side')
  await tree.git('push', hosted.remote('gone'), ':side')
  const repository = await findRepository(database(), 'main', 'gone')
  await tree.git(
    `--git-dir=${hosted.ctx.repositories.path(repository?.id ?? '')}`,
    'gc',
    '--prune=now',
    '--quiet',
  )
  expect((await versions('gone')).map((row) => row.commit_sha)).toContain(sha)
  expect(await hosted.ctx.repositories.commit(repository?.id ?? '', sha)).toMatchObject({ subject: 'Side' })
})

test('the same id in two files is an error that names both', async () => {
  const tree = await hosted.work('twice', { 'a/a.dag.md': smallDag('same'), 'b/b.dag.md': smallDag('same') })
  await tree.commit('Twice')
  const said = await tree.fails('push', hosted.remote('twice'), 'main')
  expect(said).toContain("a/a.dag.md:1:1 the id 'same' is also that of b/b.dag.md")
  expect(said).toContain("b/b.dag.md:1:1 the id 'same' is also that of a/a.dag.md")
})

test('fifty new DAGs in one push are all there', async () => {
  const names = Array.from({ length: 50 }, (_, i) => `dag-${i}`)
  const tree = await hosted.work(
    'fifty',
    Object.fromEntries(names.map((name) => [`${name}/${name}.dag.md`, smallDag(name)])),
  )
  await tree.commit('Fifty')
  await tree.git('push', hosted.remote('fifty'), 'main')
  expect((await versions('fifty')).map((row) => row.dag).sort()).toEqual(names.sort())
})

test('[R10] a push that lost its post-receive is caught up by the next start, once', async () => {
  const tree = await hosted.work('lost', { 'a/a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', '-o', 'run', hosted.remote('lost'), 'main')
  const repository = await findRepository(database(), 'main', 'lost')
  const sql = database().client
  // What a kill between the move of the ref and the reconciler leaves behind.
  await sql`delete from run where dag_id in (select id from dag where repository_id = ${repository?.id ?? ''})`
  await sql`delete from dag where repository_id = ${repository?.id ?? ''}`
  await sql`delete from git_ref where repository_id = ${repository?.id ?? ''}`
  await sql`update push set state = 'checked', report = null where repository_id = ${repository?.id ?? ''}`
  // What the workers' start brings about by itself: stopped at once, it finishes its first look and makes no other.
  const reconciler = new GitReconciler(hosted.ctx)
  reconciler.start()
  await reconciler.stop()
  expect((await versions('lost')).map((row) => row.number)).toEqual([1])
  for (let i = 0; i < 2; i++) await reconcile(hosted.ctx, repository?.id ?? '')
  expect((await versions('lost')).map((row) => row.number)).toEqual([1])
  expect(
    await sql`select r.number, r.trigger from run r join dag d on d.id = r.dag_id where d.repository_id = ${repository?.id ?? ''}`,
  ).toEqual([{ number: 1, trigger: 'push' }])
})

test('two pushers at once: one wins, the other is told, and nothing is lost', async () => {
  const tree = await hosted.work('race', { 'a/a.dag.md': smallDag('a') })
  await tree.commit('First')
  await tree.git('push', hosted.remote('race'), 'main')
  const branches = ['one', 'two', 'three', 'four']
  for (const branch of branches) {
    await tree.git('checkout', '-q', '-b', branch, 'main')
    await tree.write({ 'a/a.dag.md': smallDag('a', branch) })
    await tree.commit(branch)
  }
  const results = await Promise.allSettled(
    branches.map((branch) => tree.git('push', hosted.remote('race'), `${branch}:main`)),
  )
  expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1)
  expect(await versions('race')).toHaveLength(2)
})

test.each([
  [
    'a submodule',
    async (git: (...args: string[]) => Promise<string>) =>
      git('update-index', '--add', '--cacheinfo', `160000,${'1'.repeat(40)},sub`),
    'submodule',
  ],
])('[S3] %s is refused', async (_, spoil, message) => {
  const tree = await hosted.work('spoilt', { 'a/a.dag.md': smallDag('a') })
  await tree.git('add', '-A')
  await spoil(tree.git)
  await tree.git('commit', '-qm', 'Spoilt')
  expect(await tree.fails('push', hosted.remote('spoilt'), 'main')).toContain(message)
})

test.each(['/etc/passwd', '../../etc/passwd', '.git/config', 'a/../../x'])(
  '[S3] a link to %s is refused',
  async (target) => {
    const name = `link-${Buffer.from(target).toString('hex')}`
    const tree = await hosted.work(name, { 'a/a.dag.md': smallDag('a') })
    await symlink(target, `${tree.path}/bad`)
    await tree.commit('Link')
    expect(await tree.fails('push', hosted.remote(name), 'main')).toContain('is a link out of the repository')
  },
)
