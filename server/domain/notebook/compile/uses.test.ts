import { expect, test } from 'vitest'
import { compile } from '../compile.ts'
import { formatFault } from '../fault.ts'
import { commitName, nameOf, resolveInside, rootOf, type Reach } from './uses.ts'

const sha = 'a'.repeat(40)
const gone = 'b'.repeat(40)
const folder = `.dagbok/uses/main/parts/${sha}`
const task = (yaml: string) => `\`\`\`yaml task\n${yaml}\n\`\`\`\n\`\`\`bash script\necho\n\`\`\`\n`
const component = (cells: string, front = '') =>
  `---\ndagbok: 1\nid: c\nkind: component\n${front}---\n\n${cells}`
const uses = (what: string) => `\`\`\`yaml task\nid: clean\nuses: ${what}\n\`\`\`\n`
const reached: Record<string, Reach> = { [`main/parts@${sha}`]: 'there', [`main/parts@${gone}`]: 'no_commit' }

function notebook(cells: string, files: Record<string, string> = {}, otherwise: Reach = 'hidden') {
  return compile({
    path: 'd/x.dag.md',
    text: `---\ndagbok: 1\nid: x\n---\n\n${cells}`,
    readFile: (path) => files[path] ?? null,
    reach: (commit) => reached[commitName(commit)] ?? otherwise,
  })
}
const words = (compiled: ReturnType<typeof compile>) => compiled.faults.map(formatFault)

test('a component of another repository is inlined, its files where the version has that commit', () => {
  const inner = task('id: fit\nneeds: []\ninputs: {t: "${{ inputs.table }}"}\noutputs: {m: m.json}')
  const compiled = notebook(
    `${uses(`main/parts/lib/c.dag.md@${sha}`)}\n${task('id: last\nneeds: [clean]\ninputs: {m: "${{ tasks.clean.outputs.m }}"}')}`,
    {
      [`${folder}/lib/c.dag.md`]: component(
        `${inner}\n${uses('../more/e.dag.md')}`,
        'inputs: {table: {default: ./toy.csv}}\noutputs: {m: "${{ tasks.fit.outputs.m }}"}\n',
      ),
      [`${folder}/lib/toy.csv`]: 'a\n',
      [`${folder}/more/e.dag.md`]: component('```yaml task\nid: end\nscript: ./end.sh\n```\n'),
      [`${folder}/more/end.sh`]: '',
    },
  )
  expect(words(compiled)).toEqual([])
  expect(compiled.spec?.tasks).toMatchObject([
    {
      id: 'clean.fit',
      folder: `${folder}/lib`,
      inputs: { t: { kind: 'file', path: `${folder}/lib/toy.csv` } },
    },
    { id: 'clean.clean.end', folder: `${folder}/more`, action: { path: `${folder}/more/end.sh` } },
    { id: 'last', folder: 'd', inputs: { m: { kind: 'output', task: 'clean.fit', output: 'm' } } },
  ])
})

const hidden = (address: string) =>
  `d/x.dag.md:8:7 there is no repository '${address}' that may be used here: a component is taken from a repository of the same team`

test.each([
  [`other/secret/c.dag.md@${sha}`, hidden('other/secret')],
  [`main/nope/c.dag.md@${sha}`, hidden('main/nope')],
  [`Main/parts/c.dag.md@${sha}`, hidden('Main/parts')],
  [
    'main/parts/c.dag.md@main',
    "d/x.dag.md:8:7 'main' is not the full SHA of a commit: a branch or a tag moves, so write all 40 digits (git rev-parse main)",
  ],
  [
    `main/parts/c.dag.md@${sha.slice(1)}`,
    `d/x.dag.md:8:7 '${sha.slice(1)}' is not the full SHA of a commit: a branch or a tag moves, so write all 40 digits (git rev-parse ${sha.slice(1)})`,
  ],
  [
    `parts/c.dag.md@${sha}`,
    'd/x.dag.md:8:7 a component of another repository is written TEAM/REPO/path@SHA, with its full SHA',
  ],
  [`main/parts/c.dag.md@${gone}`, `d/x.dag.md:8:7 there is no commit ${gone} in 'main/parts'`],
  [
    `main/parts/no.dag.md@${sha}`,
    `d/x.dag.md:8:7 there is no file 'main/parts/no.dag.md@${sha}' in the repository`,
  ],
  [`main/parts/../c.dag.md@${sha}`, "d/x.dag.md:8:7 '../c.dag.md' is outside the repository"],
  [
    `main/parts/dag.dag.md@${sha}`,
    `d/x.dag.md:8:7 'main/parts/dag.dag.md@${sha}' is not a component: its front matter has no \`kind: component\``,
  ],
  [
    `main/parts/c.dag.py@${sha}`,
    'd/x.dag.md:8:7 a component of another repository that is a program is part of the format, but this build cannot carry it out yet: leave it out until it can',
  ],
  [`./../${folder}/c.dag.md`, `d/x.dag.md:8:7 './../${folder}/c.dag.md' is outside the repository`],
  [`main/parts/out.dag.md@${sha}`, `${folder}/out.dag.md:9:9 '../d/own.sh' is outside the repository`],
  [
    `main/parts/out2.dag.md@${sha}`,
    `${folder}/out2.dag.md:9:7 '../../../../../d/own.dag.md' is outside the repository`,
  ],
])('uses: %s: %s', (what, message) => {
  const files = {
    [`${folder}/c.dag.md`]: component(task('id: t')),
    [`${folder}/c.dag.py`]: '',
    [`${folder}/dag.dag.md`]: component(task('id: t')).replace('kind: component\n', ''),
    [`${folder}/out.dag.md`]: component('```yaml task\nid: t\nscript: ../d/own.sh\n```\n'),
    [`${folder}/out2.dag.md`]: component(uses('../../../../../d/own.dag.md')),
    'd/own.sh': '',
    'd/own.dag.md': component(task('id: t')),
  }
  expect(words(notebook(uses(what), files))).toEqual([message])
})

test('a circle that leads through repositories is named as its authors call its notebooks', () => {
  const other = `.dagbok/uses/main/parts/${sha}`
  const files = {
    [`${other}/a.dag.md`]: component(uses('./b.dag.md')),
    [`${other}/b.dag.md`]: component(uses(`main/parts/a.dag.md@${sha}`)),
  }
  expect(words(notebook(uses(`main/parts/a.dag.md@${sha}`), files))).toEqual([
    `${other}/b.dag.md:9:7 a component uses itself: main/parts/a.dag.md@${sha} → main/parts/b.dag.md@${sha} → main/parts/a.dag.md@${sha}`,
  ])
})

test('where nobody can ask, it is no fault and no spec; what names its tasks is none, too', () => {
  const cells = `${uses(`main/far/c.dag.md@${sha}`)}\n${task('id: last\nneeds: [clean]\ninputs: {m: "${{ tasks.clean.outputs.m }}"}')}`
  const { spec, faults, unchecked } = notebook(cells, {}, 'unchecked')
  expect({ spec, faults }).toEqual({ spec: null, faults: [] })
  expect(unchecked.map(formatFault)).toEqual([
    `d/x.dag.md:8:7 a component of another repository (main/far@${sha}) cannot be checked without the server: a push checks it`,
  ])
  const broken = notebook(`${cells}\n${task('id: y\nneeds: [lost]')}`, {}, 'unchecked')
  expect(words(broken)).toEqual([expect.stringContaining("unknown task 'lost' in needs")])
})

test('no path leads from one commit to another', () => {
  expect(rootOf(`${folder}/a/b`)).toBe(folder)
  expect(rootOf(`.dagbok/uses/main/parts/${sha}0/a`)).toBe('')
  expect(nameOf(`${folder}/a/b`)).toBe(`main/parts/a/b@${sha}`)
  expect(resolveInside(`${folder}/a`, '../b')).toBe(`${folder}/b`)
  expect(resolveInside(`${folder}/a`, '../../b')).toBeNull()
  expect(resolveInside('', folder)).toBeNull()
})
