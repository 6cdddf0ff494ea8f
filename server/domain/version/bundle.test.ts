import { expect, test } from 'vitest'
import { bundleOf, indexTree, programFiles } from './bundle.ts'

const front = (more = '') => `---\ndagbok: 1\nid: a\n${more}---\n`
const uses = (path: string) => `\n\`\`\`yaml task\nid: c\nuses: ${path}\n\`\`\`\n`

/** The paths of a notebook's bundle in a tree of these files. */
function paths(notebook: string, files: Record<string, string>): string[] {
  const tree = indexTree(Object.keys(files).map((path) => ({ path, mode: '100644', blob: path })))
  return bundleOf(tree, notebook, (path) => files[path] ?? null).map((entry) => entry.path)
}

test('a folder is its notebook’s, recursively, without other notebooks and folders that hold one', () => {
  const files = {
    'a/a.dag.md': front(),
    'a/lib/x.js': '',
    'a/b.dag.md': front(),
    'a/sub/c.dag.md': front(),
    'a/sub/deep/y.js': '',
    'other/z.js': '',
    'ab/q.js': '',
  }
  expect(paths('a/a.dag.md', files)).toEqual(['a/a.dag.md', 'a/lib/x.js'])
  expect(paths('a/sub/c.dag.md', files)).toEqual(['a/sub/c.dag.md', 'a/sub/deep/y.js'])
})

test('what a program reads while it prints is the files of its folder, without other notebooks and theirs', () => {
  const entries = [
    'a/x.dag.py',
    'a/lib/m.py',
    'a/y.dag.ts',
    'a/sub/z.dag.md',
    'a/sub/n.py',
    'r.dag.py',
    'q.py',
  ]
  const tree = indexTree(entries.map((path) => ({ path, mode: '100644', blob: path })))
  const read = (path: string) => programFiles(tree, path).map((entry) => entry.path)
  expect(read('a/x.dag.py')).toEqual(['a/lib/m.py', 'a/x.dag.py'])
  expect(read('a/y.dag.ts')).toEqual(['a/lib/m.py', 'a/y.dag.ts'])
  expect(read('r.dag.py')).toEqual(['r.dag.py'])
})

test('at the root it is the file itself and what it includes', () => {
  const files = {
    'a.dag.md': front('include: [lib/**/*.js, data]\n'),
    'lib/x.js': '',
    'lib/deep/y.js': '',
    'lib/z.txt': '',
    'data/d.csv': '',
    'other.js': '',
  }
  expect(paths('a.dag.md', files)).toEqual(['a.dag.md', 'data/d.csv', 'lib/deep/y.js', 'lib/x.js'])
})

test('include goes up within the repository, never out of it', () => {
  const files = {
    'a/a.dag.md': front('include: [../shared/*.py, ../../../etc/*]\n'),
    'shared/s.py': '',
    'etc/passwd': '',
  }
  expect(paths('a/a.dag.md', files)).toEqual(['a/a.dag.md', 'shared/s.py'])
})

test('a component brings its own bundle, and a circle of them ends', () => {
  const files = {
    'a/a.dag.md': front() + uses('../c/c.dag.md'),
    'c/c.dag.md': front('kind: component\n') + uses('../a/a.dag.md'),
    'c/toy.csv': '',
    'a/x.js': '',
  }
  expect(paths('a/a.dag.md', files)).toEqual(['a/a.dag.md', 'a/x.js', 'c/c.dag.md', 'c/toy.csv'])
})

test('a notebook that cannot be read still has its folder', () => {
  expect(paths('a/a.dag.md', { 'a/a.dag.md': '---\nid: [\n---\n', 'a/x.js': '' })).toEqual([
    'a/a.dag.md',
    'a/x.js',
  ])
})

const used = `.dagbok/uses/main/parts/${'a'.repeat(40)}`

test('a component of another repository brings what it has there; globs and folders of the two never meet', () => {
  const files = {
    'a/a.dag.md': `${front('include: ["../**"]\n')}${uses(`main/parts/lib/c.dag.md@${'a'.repeat(40)}`)}`,
    'own.txt': '',
    'b/b.dag.md': front('include: ["../**"]\n'),
    [`${used}/lib/c.dag.md`]: `${front('include: [../shared/**, "../../../../../../own.txt"]\n')}${uses('./d.dag.md')}`,
    [`${used}/lib/d.dag.md`]: front(),
    [`${used}/lib/x.py`]: '',
    [`${used}/shared/y.py`]: '',
    [`${used}/root.dag.md`]: front(),
    [`${used}/rest/z.py`]: '',
  }
  expect(paths('a/a.dag.md', files)).toEqual([
    `${used}/lib/c.dag.md`,
    `${used}/lib/d.dag.md`,
    `${used}/lib/x.py`,
    `${used}/shared/y.py`,
    'a/a.dag.md',
    'b/b.dag.md',
    'own.txt',
  ])
  expect(paths('b/b.dag.md', files)).toEqual(['a/a.dag.md', 'b/b.dag.md', 'own.txt'])
  const tree = indexTree(Object.keys(files).map((path) => ({ path, mode: '100644', blob: path })))
  expect(tree.notebooks).toEqual(['a/a.dag.md', 'b/b.dag.md'])
  expect(paths(`${used}/root.dag.md`, files)).toEqual([`${used}/root.dag.md`])
})
