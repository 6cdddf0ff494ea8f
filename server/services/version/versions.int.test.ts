/** "A version exactly when the bundle changed", in both directions, over random histories. */
import { createHash } from 'node:crypto'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { findDagRow } from '#db/queries/dag-view.ts'
import { testDatabase } from '#db/testing/test-database.ts'
import { smallDag, startHosted, type Hosted, type WorkTree } from '../../testing/hosted.ts'
import { resolveVersion } from './resolve-version.ts'

const { database } = testDatabase()
let hosted: Hosted
beforeAll(async () => {
  hosted = await startHosted(database())
})
afterAll(() => hosted.close())

/** A small seeded generator: a failing history is made again from its seed. */
function random(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0
    return (state >>> 8) % below
  }
}

/** Files by path; what of them belongs to DAG `a`, worked out by the rule of git.md in words, not by our code. */
function bundleOfA(files: Map<string, string>): string {
  const own = [...files].filter(
    ([path]) =>
      path === 'a/a.dag.md' ||
      (path.startsWith('a/') && !path.startsWith('a/b/')) ||
      path === 'shared/used.txt',
  )
  return createHash('sha256')
    .update(JSON.stringify(own.sort(([x], [y]) => x.localeCompare(y))))
    .digest('hex')
}

interface Made {
  sha: string
  bundle: string
}

/** Makes the commits that `changes` tells, in one go: a path with its text, or without one to be deleted. */
async function commitAll(tree: WorkTree, changes: readonly [string, string | null][][]): Promise<string[]> {
  const inline = (text: string) => `data ${Buffer.byteLength(text)}\n${text}\n`
  const stream = changes.map((files, i) =>
    [
      `commit refs/heads/main\nmark :${i + 1}\ncommitter Ines <ines@example.org> ${1_700_000_000 + i} +0000\n`,
      inline(`Commit ${i}`),
      ...files.map(([path, text]) =>
        text === null ? `D ${path}\n` : `M 100644 inline ${path}\n${inline(text)}`,
      ),
    ].join(''),
  )
  await writeFile(join(tree.path, '.git/stream'), stream.join('\n'))
  await tree.git('-c', 'alias.take=!git fast-import --quiet --export-marks=.git/marks < .git/stream', 'take')
  const marks = (await readFile(join(tree.path, '.git/marks'), 'utf8')).trim().split('\n')
  const byMark = new Map(marks.map((line) => line.split(' ') as [string, string]))
  return changes.map((_, i) => byMark.get(`:${i + 1}`) ?? '')
}

/** 300 commits over files that are part of the bundle of `a` and files that are not. */
async function randomHistory(tree: WorkTree, next: (below: number) => number): Promise<Made[]> {
  const first = {
    'a/a.dag.md': smallDag('a').replace('id: a\n', 'id: a\ninclude: [../shared/used.txt]\n'),
    'a/b/b.dag.md': smallDag('b'),
    'shared/used.txt': '0',
    'shared/unused.txt': '0',
    'a/lib/x.txt': '0',
    'README.md': '0',
  }
  const files = new Map(Object.entries(first))
  const inBundle = ['shared/used.txt', 'a/lib/x.txt', 'a/lib/y.txt', 'a/note.md']
  const paths = [...inBundle, 'shared/unused.txt', 'a/b/z.txt', 'README.md']
  const bundles: string[] = []
  const changes = Array.from({ length: 300 }, (_, i) => {
    const path = paths[next(paths.length)] ?? ''
    const gone = next(8) === 0 && files.has(path) && path !== 'shared/used.txt'
    const text = gone ? null : String(next(3))
    if (text === null) files.delete(path)
    else files.set(path, text)
    bundles.push(bundleOfA(files))
    return [...(i === 0 ? Object.entries(first) : []), [path, text] as [string, string | null]]
  })
  const shas = await commitAll(tree, changes)
  return shas.map((sha, i) => ({ sha, bundle: bundles[i] ?? '' }))
}

const numbered = async () => {
  const rows = await database().client<{ number: number; sha: string }[]>`
    select v.number, c.sha from version v join version_commit c on c.version_id = v.id join dag d on d.id = v.dag_id
    join repository r on r.id = d.repository_id where r.name = 'random' and d.name = 'a'`
  return new Map(rows.map((row) => [row.sha, row.number]))
}

/** Equal bundles have one number, and different ones different numbers, without a gap. */
function numbersFit(commits: readonly Made[], numberOf: ReadonlyMap<string, number>): void {
  const byBundle = new Map<string, Set<number>>()
  for (const { sha, bundle } of commits)
    byBundle.set(bundle, (byBundle.get(bundle) ?? new Set()).add(numberOf.get(sha) ?? 0))
  expect([...byBundle.values()].filter((numbers) => numbers.size !== 1)).toEqual([])
  const numbers = [...byBundle.values()].flatMap((all) => [...all]).sort((x, y) => x - y)
  expect(numbers).toEqual(Array.from({ length: byBundle.size }, (_, i) => i + 1))
}

test('300 random commits: a version exactly when the bundle changed, at tips and between them', async () => {
  const next = random(20_261_124)
  const tree = await hosted.work('random', {})
  const history = await randomHistory(tree, next)
  const isTip = history.map((_, i) => i === 0 || i === history.length - 1 || next(4) === 0)
  const [tips, between] = [true, false].map((wanted) => history.filter((_, i) => isTip[i] === wanted))
  if (tips === undefined || between === undefined) throw new Error('there are both')
  for (const { sha } of tips) await tree.git('push', '-q', hosted.remote('random'), `${sha}:refs/heads/main`)
  const atTips = await numbered()
  // What lies between is versioned when it is asked for, and not before.
  expect(history.filter(({ sha }) => atTips.has(sha))).toEqual(tips)
  numbersFit(tips, atTips)

  const [team] = await database().client<{ id: string }[]>`select id from team where name = 'main'`
  const dag = await findDagRow(database(), team?.id ?? '', 'random', 'a')
  if (dag === null) throw new Error('the DAG is there')
  const asked = new Map<string, number>()
  const shuffled = between.map((commit) => ({ ...commit, at: next(2 ** 16) })).toSorted((x, y) => x.at - y.at)
  for (const { sha } of shuffled) asked.set(sha, (await resolveVersion(hosted.ctx, dag, sha)).number)
  const all = await numbered()
  expect(new Map([...atTips, ...asked])).toEqual(all)
  numbersFit(history, all)
  // Both kinds were there: commits that made a version, and commits that made none.
  const known = new Set(tips.map(({ bundle }) => bundle))
  const made = new Set(between.filter(({ bundle }) => !known.has(bundle)).map(({ bundle }) => bundle))
  expect(new Set(all.values()).size - new Set(atTips.values()).size).toBe(made.size)
  expect([made.size > 10, between.length - made.size > 10]).toEqual([true, true])
})
