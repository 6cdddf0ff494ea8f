import { expect, test } from 'vitest'
import { notebook, task, words } from './testing.ts'

test('a component is inlined: names, needs, inputs and outputs are seen through', () => {
  const component = `---\ndagbok: 1\nid: clean\nkind: component\nparams:\n  limit: {type: integer, default: 3}\ninputs: {table: {default: ./toy.csv}}\noutputs: {table: "\${{ tasks.tidy.outputs.out }}"}\n---\n\n${task('id: drop\ninputs: {t: "${{ inputs.table }}"}\nenv: {N: "${{ params.limit }}"}\noutputs: {kept: k.csv}')}\n${task('id: tidy\nneeds: [drop]\ninputs: {t: "${{ tasks.drop.outputs.kept }}"}\noutputs: {out: o.csv}')}`
  const compiled = notebook(
    `${task('id: fetch\noutputs: {raw: raw.csv}')}\n\`\`\`yaml task\nid: clean\nneeds: [fetch]\nuses: ./clean.dag.md\nif: \${{ params.go }}\nwith: {table: "\${{ tasks.fetch.outputs.raw }}", limit: 5}\n\`\`\`\n\n${task('id: last\nneeds: [clean]\ninputs: {t: "${{ tasks.clean.outputs.table }}"}')}`,
    {
      front: 'params: {go: {type: boolean, default: true}}\n',
      files: { 'd/clean.dag.md': component, 'd/toy.csv': 'a\n' },
    },
  )
  expect(words(compiled)).toEqual([])
  const tasks = new Map(compiled.spec?.tasks.map((one) => [one.id, one]))
  expect([...tasks.keys()]).toEqual(['fetch', 'clean.drop', 'clean.tidy', 'last'])
  expect(tasks.get('clean.drop')).toMatchObject({
    needs: ['fetch'],
    scope: 'clean',
    if: [{ scope: '', expression: 'params.go' }],
    inputs: { t: { kind: 'output', task: 'fetch', output: 'raw' } },
  })
  expect(tasks.get('clean.tidy')).toMatchObject({
    needs: ['clean.drop'],
    inputs: { t: { kind: 'output', task: 'clean.drop', output: 'kept' } },
  })
  expect(tasks.get('last')).toMatchObject({
    needs: ['clean.tidy'],
    inputs: { t: { kind: 'output', task: 'clean.tidy', output: 'out' } },
  })
  expect(compiled.spec?.groups).toMatchObject([
    { id: 'clean', parent: '', params: { limit: 5 }, param_types: { limit: 'integer' } },
  ])
})

test('a component under a matrix joins equal keys', () => {
  const component = `---\ndagbok: 1\nid: c\nkind: component\n---\n\n${task('id: a')}\n${task('id: b\nneeds: [a]')}`
  const { spec, faults } = notebook(
    '```yaml task\nid: c\nuses: ./c.dag.md\nmatrix: {k: [1, 2], z: [u]}\n```\n',
    { files: { 'd/c.dag.md': component } },
  )
  expect(faults).toEqual([])
  expect(spec?.tasks.map((one) => [one.id, one.joined, one.matrix?.map((item) => item.key)])).toEqual([
    ['c.a', 'c', ['k=1,z=u', 'k=2,z=u']],
    ['c.b', 'c', ['k=1,z=u', 'k=2,z=u']],
  ])
})

const inCell = `---\ndagbok: 1\nid: c\nkind: component\nparams: {n: {type: integer, default: 0}}\n---\n\n${task('id: a')}\n${task('id: b\nneeds: [a]\nmatrix: {w: [x, y]}')}`

test('a matrix inside a component that is used with one is appended, within each cell; so is that of a component in it', () => {
  const outer = `---\ndagbok: 1\nid: o\nkind: component\n---\n\n${task('id: first')}\n\`\`\`yaml task\nid: c\nneeds: [first]\nuses: ./c.dag.md\nmatrix: {j: [1, 2]}\nwith: {n: "\${{ matrix.j }}"}\n\`\`\`\n`
  const { spec, faults } = notebook(
    '```yaml task\nid: o\nuses: ./o.dag.md\nmatrix: {k: [1, 2]}\n```\n```yaml task\nid: c\nuses: ./c.dag.md\nmatrix: {k: [1, 2]}\nwith: {n: "${{ matrix.k }}"}\n```\n',
    { files: { 'd/c.dag.md': inCell, 'd/o.dag.md': outer } },
  )
  expect(faults).toEqual([])
  const keys = (id: string) => spec?.tasks.find((one) => one.id === id)?.matrix?.map((item) => item.key)
  expect(keys('c.a')).toEqual(['k=1', 'k=2'])
  expect(keys('c.b')).toEqual(['k=1,w=x', 'k=1,w=y', 'k=2,w=x', 'k=2,w=y'])
  expect(keys('o.c.a')).toEqual(['k=1,j=1', 'k=1,j=2', 'k=2,j=1', 'k=2,j=2'])
  const joins = (id: string) => spec?.tasks.find((one) => one.id === id)?.joins
  expect(joins('c.a')).toBeUndefined()
  expect(joins('c.b')).toEqual([{ group: 'c', keys: ['k=1', 'k=1', 'k=2', 'k=2'] }])
  expect(joins('o.c.a')).toEqual([
    { group: 'o', keys: ['k=1', 'k=1', 'k=2', 'k=2'] },
    { group: 'o.c', keys: ['k=1,j=1', 'k=1,j=2', 'k=2,j=1', 'k=2,j=2'] },
  ])
  expect(spec?.groups.find(({ id }) => id === 'c')?.params).toEqual({ n: '${{ matrix.k }}' })
})

test.each([
  [
    'matrix: {w: [1]}',
    "d/c.dag.md:18:10 'w' is an axis, and the component it is in is used with the axis 'w': both give DAGBOK_MATRIX_W, so rename one",
  ],
  ['if: ${{ params.nope }}', "d/x.dag.md:9:9 unknown param 'nope'"],
  ['if: ${{ 1 + 1 }}', 'd/x.dag.md:9:5 the condition is a int, and must be true or false'],
  ['with: {n: "${{ matrix.k }}"}', 'd/x.dag.md:9:16 this task has no matrix'],
])('a component with %j: %s', (more, message) => {
  const cell = `\`\`\`yaml task\nid: c\nuses: ./c.dag.md\n${more}\n\`\`\`\n`
  expect(words(notebook(cell, { files: { 'd/c.dag.md': inCell } })).join('\n')).toContain(message)
})

test('a matrix within the cells of another one has no more items than one alone', () => {
  const axis = Array.from({ length: 5001 }, (_, n) => n).join(', ')
  const cell = `\`\`\`yaml task\nid: c\nuses: ./c.dag.md\nmatrix: {k: [${axis}]}\n\`\`\`\n`
  expect(words(notebook(cell, { files: { 'd/c.dag.md': inCell } }))).toEqual([
    'd/c.dag.md:18:9 with the matrix of its component it has 10002 items, more than 10000',
  ])
})

test('a component that uses itself is told with the circle', () => {
  const a = '---\ndagbok: 1\nid: a\nkind: component\n---\n\n```yaml task\nid: b\nuses: ./b.dag.md\n```\n'
  const b = a.replace('id: a', 'id: b').replace('./b.dag.md', './a.dag.md')
  const found = words(
    notebook('```yaml task\nid: a\nuses: ./a.dag.md\n```\n', { files: { 'd/a.dag.md': a, 'd/b.dag.md': b } }),
  )
  expect(found.join('\n')).toContain('a component uses itself: d/a.dag.md → d/b.dag.md → d/a.dag.md')
})

test('what is in a component goes with its cell where that was renamed, and with its own name', () => {
  const inner = `---\ndagbok: 1\nid: c\nkind: component\n---\n\n${task('id: a')}\n${task('id: b\nrenamed_from: old')}`
  const { spec, faults } = notebook(
    `\`\`\`yaml task\nid: tidy\nuses: ./c.dag.md\nrenamed_from: clean\n\`\`\`\n\n\`\`\`yaml task\nid: plain\nuses: ./c.dag.md\n\`\`\`\n`,
    { files: { 'd/c.dag.md': inner } },
  )
  expect(faults).toEqual([])
  expect(spec?.tasks.map((one) => [one.id, one.renamed_from])).toEqual([
    ['tidy.a', 'clean.a'],
    ['tidy.b', 'clean.old'],
    ['plain.a', null],
    ['plain.b', 'plain.old'],
  ])
})
