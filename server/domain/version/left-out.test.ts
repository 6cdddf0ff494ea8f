import { expect, test } from 'vitest'
import { formatFault } from '../notebook/fault.ts'
import { indexTree } from './bundle.ts'
import { leftOut } from './left-out.ts'
import { snapshotNotebook } from './snapshot.ts'

const notebook = (does: string, front = '') => `---\ndagbok: 1\nid: a\n${front}---\n\n${does}`
const command = (line: string) => `\`\`\`yaml task\nid: load\ncommand: ${line}\n\`\`\`\n`
const script = (lang: string, text: string) =>
  `\`\`\`yaml task\nid: load\n\`\`\`\n\`\`\`${lang} script\n${text}\n\`\`\`\n`

/** What is said of these files. */
function said(files: Record<string, string>): string[] {
  const entries = Object.keys(files).map((path) => ({ path, mode: '100644', blob: path }))
  const tree = indexTree(entries)
  const cache = { get: () => undefined, set: () => {} }
  const source = { notebooks: new Map(Object.entries(files)), sha256: (text: string) => text, cache }
  const dags = tree.notebooks.map((path) => snapshotNotebook(tree, path, source))
  expect(dags.flatMap((dag) => dag.faults)).toEqual([])
  return leftOut(entries, dags).map(formatFault)
}

test.each([
  ['a command', command('[python3, ./load.py]'), 'load.py'],
  ['a script', script('bash', 'sort < data/in.csv'), 'data/in.csv'],
  ['an import of Python', script('python', 'from lib.table import rows'), 'lib/table.py'],
  ['an import of JavaScript', script('javascript', "import { load } from './load.ts'"), 'load.ts'],
])('a notebook at the root is told of a file that %s names and its version has not', (_, does, wanted) => {
  const text = 'README.md'
  expect(said({ 'a.dag.md': notebook(does), [wanted]: '', [text]: '' })).toEqual([
    `a.dag.md:1:1 a notebook at the repository's root has itself alone, and what \`include\` names: its tasks will not find ${wanted}. Put it into a folder of its own with what it needs, or name that in \`include\``,
  ])
})

test('of many files some are named, and the others counted', () => {
  const data = Object.fromEntries([1, 2, 3, 4, 5].map((n) => [`data/${n}.csv`, '']))
  expect(said({ 'a.dag.md': notebook(script('bash', 'cat data/*.csv')), ...data })[0]).toContain(
    'will not find data/1.csv, data/2.csv, data/3.csv and 2 more.',
  )
})

test('nothing is said where nothing is missed', () => {
  const does = command('[python3, load.py]')
  // In a folder; by `include`; of another notebook; named by prose and by an id only.
  expect(said({ 'a/a.dag.md': notebook(does), 'a/load.py': '' })).toEqual([])
  expect(said({ 'a.dag.md': notebook(does, 'include: ["*.py"]\n'), 'load.py': '' })).toEqual([])
  expect(
    said({
      'a.dag.md': notebook(does),
      'b/b.dag.md': notebook(does).replace('id: a', 'id: b'),
      'b/load.py': '',
    }),
  ).toEqual([])
  const prose = `It reads other.py.\n\n${command('[echo, hello]')}`
  expect(said({ 'a.dag.md': notebook(prose), 'other.py': '', 'load.py': '', 'README.md': '' })).toEqual([])
})
