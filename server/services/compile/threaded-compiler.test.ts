import { expect, test } from 'vitest'
import { ThreadedCompiler } from './threaded-compiler.ts'

const notebook = (id: string, front = '') =>
  `---\ndagbok: 1\nid: ${id}\n${front}---\n\n\`\`\`yaml task\nid: a\ncommand: [echo]\n\`\`\`\n`
const commit = (texts: Record<string, string>) => ({
  entries: Object.keys(texts).map((path) => ({ path, mode: '100644', blob: '0'.repeat(40) })),
  notebooks: new Map(Object.entries(texts)),
})
const reported: string[] = []
const compiler = (limits = {}) => new ThreadedCompiler((details) => reported.push(details), limits)

/** A pattern that tries 2^60 ways to match its own default. */
const bomb = notebook(
  'bomb',
  `params: {p: {type: string, pattern: "^(a+)+$", default: ${'a'.repeat(60)}!}}\n`,
)

test('a commit compiles in a thread; an id that stands twice is told of both', async () => {
  const dags = await compiler().commit(
    commit({ 'a/a.dag.md': notebook('a'), 'b/b.dag.md': notebook('b'), 'c/c.dag.md': notebook('b') }),
  )
  expect(dags.map(({ path, spec }) => [path, spec?.id])).toEqual([
    ['a/a.dag.md', 'a'],
    ['b/b.dag.md', undefined],
    ['c/c.dag.md', undefined],
  ])
  expect(dags[1]?.faults[0]?.message).toContain('is also that of c/c.dag.md')
})

test('[R18] a pattern that backtracks for ever is told of its notebook alone, and nobody waits for it', async () => {
  const shared = compiler({ threads: 2, notebookMs: 4000 })
  let ticks = 0
  const clock = setInterval(() => ticks++, 10)
  const poisoned = shared.commit(
    commit({ 'a/a.dag.md': notebook('a'), 'b/b.dag.md': bomb, 'c/c.dag.md': notebook('c') }),
  )
  const healthy = shared.commit(commit({ 'd/d.dag.md': notebook('d') }))
  const first = await Promise.race([poisoned.then(() => 'poisoned'), healthy.then(() => 'healthy')])
  expect(first).toBe('healthy')
  const dags = await poisoned
  clearInterval(clock)
  expect(dags.map(({ spec }) => spec?.id)).toEqual(['a', undefined, 'c'])
  expect(dags[1]?.faults).toEqual([
    {
      file: 'b/b.dag.md',
      line: 1,
      column: 1,
      message: expect.stringContaining('more than 4 s to compile') as string,
      passing: true,
    },
  ])
  // The event loop went on all the while.
  expect(ticks).toBeGreaterThan(100)
  expect(reported).toEqual([])
})

test('[R18] a notebook that takes more memory than a thread has is told, and the next one compiles', async () => {
  const small = compiler({ threads: 1, memory: 64, notebookMs: 100_000, commitMs: 100_000 })
  const wide = Array.from({ length: 16_000 }, (_, i) => `  - {id: t${i}, command: [echo]}`).join('\n')
  const [dag] = await small.commit(commit({ 'a/a.dag.yaml': `dagbok: 1\nid: a\ntasks:\n${wide}\n` }))
  expect(dag?.faults[0]?.message).toContain('more than 64 MB to compile')
  expect((await small.commit(commit({ 'b/b.dag.md': notebook('b') })))[0]?.spec?.id).toBe('b')
})

test('a text is checked as if it stood in the commit', async () => {
  const source = commit({
    'a/a.dag.md': notebook('a').replace('id: a\ncommand', 'id: a\nneeds: [x]\ncommand'),
  })
  const { faults, graph, bundle } = await compiler().text(source, 'a/a.dag.md')
  expect(faults[0]?.message).toContain("unknown task 'x'")
  expect(graph.map((task) => task.id)).toEqual(['a'])
  expect(bundle).toEqual(['a/a.dag.md'])
})

test('what was said of a commit of another repository is not said to who may not know of it, nor once it is there', async () => {
  const one = compiler({ threads: 1 })
  const sha = 'a'.repeat(40)
  const text = `---\ndagbok: 1\nid: a\n---\n\n\`\`\`yaml task\nid: p\nuses: main/parts/c.dag.md@${sha}\n\`\`\`\n`
  const source = commit({ 'a/a.dag.md': text })
  const said = async (more: Partial<Parameters<typeof one.commit>[0]>) =>
    (await one.commit({ ...source, ...more }))[0]?.faults.map(({ message }) => message)
  const name = `main/parts@${sha}`
  expect(await said({ commits: new Map([[name, 'no_commit']]) })).toEqual([
    `there is no commit ${sha} in 'main/parts'`,
  ])
  expect(await said({})).toEqual([expect.stringMatching(/^there is no repository 'main\/parts'/)])
  const path = `.dagbok/uses/main/parts/${sha}/c.dag.md`
  const there = commit({
    'a/a.dag.md': text,
    [path]: notebook('c').replace('id: c', 'id: c\nkind: component'),
  })
  const dags = await one.commit({ ...there, commits: new Map([[name, 'there']]) })
  expect(dags.map(({ id, faults }) => [id, faults])).toEqual([['a', []]])
  expect(await one.uses(source.notebooks, ['a/a.dag.md'])).toEqual({ uses: [path], unread: false })
})

test('who uses a commit that could not be looked for in time is told so, for now, and nobody else', async () => {
  const sha = 'a'.repeat(40)
  const using = `---\ndagbok: 1\nid: a\n---\n\n\`\`\`yaml task\nid: p\nuses: main/parts/c.dag.md@${sha}\n\`\`\`\n`
  const source = commit({ 'a/a.dag.md': using, 'b/b.dag.md': notebook('b') })
  const none = compiler({ commitMs: 0 })
  const { uses, unread } = await none.uses(source.notebooks, ['a/a.dag.md'])
  expect({ uses, unread }).toEqual({ uses: [], unread: true })
  const dags = await compiler().commit({ ...source, commits: new Map(), unread })
  expect(dags.map(({ faults }) => faults)).toEqual([
    [
      {
        file: 'a/a.dag.md',
        line: 8,
        column: 7,
        message: expect.stringContaining("'main/parts' could not be looked for") as string,
        passing: true,
      },
    ],
    [],
  ])
})
