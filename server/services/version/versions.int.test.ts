/** "A version exactly when the bundle changed", in both directions, over random histories. */
import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { testDatabase } from '#db/testing/test-database.ts'
import { smallDag, startHosted, type Hosted } from '../../testing/hosted.ts'

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

test('300 random commits: a version exactly when the bundle changed', async () => {
  const next = random(20_261_124)
  const first = {
    'a/a.dag.md': smallDag('a').replace('id: a\n', 'id: a\ninclude: [../shared/used.txt]\n'),
    'a/b/b.dag.md': smallDag('b'),
    'shared/used.txt': '0',
    'shared/unused.txt': '0',
    'a/lib/x.txt': '0',
    'README.md': '0',
  }
  const tree = await hosted.work('random', first)
  const files = new Map(Object.entries(first))
  const paths = [
    'shared/used.txt',
    'shared/unused.txt',
    'a/lib/x.txt',
    'a/lib/y.txt',
    'a/b/z.txt',
    'README.md',
    'a/note.md',
  ]
  const history: { sha: string; bundle: string }[] = []
  for (let i = 0; i < 300; i++) {
    const path = paths[next(paths.length)] ?? ''
    if (next(8) === 0 && files.has(path) && path !== 'shared/used.txt') {
      files.delete(path)
      await rm(join(tree.path, path))
    } else {
      const text = String(next(3))
      files.set(path, text)
      await tree.write({ [path]: text })
    }
    history.push({ sha: await tree.commit(`Commit ${i}`), bundle: bundleOfA(files) })
    // A push of several commits versions its tip only: what lies between is versioned when it is asked for.
    if (i % 3 !== 1) await tree.git('push', '-q', hosted.remote('random'), 'main')
  }
  const rows = await database().client<{ number: number; sha: string }[]>`
    select v.number, c.sha from version v join version_commit c on c.version_id = v.id join dag d on d.id = v.dag_id
    join repository r on r.id = d.repository_id where r.name = 'random' and d.name = 'a'`
  const numberOf = new Map(rows.map((row) => [row.sha, row.number]))
  const tips = history.filter((_, i) => i % 3 !== 1)
  expect(tips.filter((tip) => !numberOf.has(tip.sha))).toEqual([])
  const byBundle = new Map<string, Set<number>>()
  for (const tip of tips)
    byBundle.set(tip.bundle, (byBundle.get(tip.bundle) ?? new Set()).add(numberOf.get(tip.sha) ?? 0))
  // Equal bundles have one number, and different ones different numbers, without a gap.
  expect([...byBundle.values()].filter((numbers) => numbers.size !== 1)).toEqual([])
  const numbers = new Set([...byBundle.values()].flatMap((all) => [...all]))
  expect(numbers.size).toBe(byBundle.size)
  expect(Math.max(...numbers)).toBe(byBundle.size)
})
