import { expect, test } from 'vitest'
import { compile } from '../notebook/compile.ts'
import { plainTaskPod } from '../pod/task-pod.ts'
import { graphDiff } from './graph-diff.ts'

/** Tasks, one a line, in a notebook of this folder. */
function spec(lines: string[], folder = 'd') {
  const text = `dagbok: 1\nid: x\ntasks:\n${lines.map((line) => `  - {${line}}\n`).join('')}`
  const compiled = compile({ path: `${folder}/x.dag.yaml`, text, readFile: () => 'echo' })
  if (compiled.spec === null) throw new Error(JSON.stringify(compiled.faults))
  return compiled.spec
}

/** `a` for one that is the same, else `+a`, `-a`, `b~a: script, retries` (renamed from `a`), with its edges. */
const told = (before: string[], after: string[]) =>
  graphDiff(spec(before), spec(after)).map(({ id, renamedFrom, change, changed, needs }) => {
    const sign = { added: '+', removed: '-', changed: '~', same: '' }[change]
    const keys = changed.length === 0 ? '' : `: ${changed.toSorted().join(', ')}`
    return `${sign}${id}${renamedFrom === null ? '' : ` was ${renamedFrom}`}${keys} ← ${needs.join(' ')}`.trim()
  })

const load = 'id: load, script: ./load.sh'
const fit = 'id: fit, needs: [load], script: ./fit.sh'

test('nothing changed is told of nothing', () => {
  expect(told([load, fit], [load, fit])).toEqual(['load ←', 'fit ← load'])
  expect(told([load, fit], [fit, load])).toEqual(['fit ← load', 'load ←'])
})

test('where a notebook lies is not what its tasks are', () => {
  const moved = graphDiff(spec([load, fit]), spec([load, fit], 'elsewhere'))
  expect(moved.map(({ change }) => change)).toEqual(['same', 'same'])
})

test.each<[string, string[], string[], string[]]>([
  ['a task is added', [load], [load, fit], ['load ←', '+fit ← load']],
  [
    'a task is removed, and stands last with the edges that it had',
    [fit, load],
    [load],
    ['load ←', '-fit ← load'],
  ],
  ['an edge is added', [load, 'id: fit, script: ./fit.sh'], [load, fit], ['load ←', '~fit: needs ← load']],
  ['an edge is removed', [load, fit], [load, 'id: fit, script: ./fit.sh'], ['load ←', '~fit: needs ←']],
  [
    'an edge leads elsewhere',
    [load, 'id: other, script: ./o.sh', fit],
    [load, 'id: other, script: ./o.sh', 'id: fit, needs: [other], script: ./fit.sh'],
    ['load ←', 'other ←', '~fit: needs ← other'],
  ],
  [
    'keys of a task change: all of them are named, and what does is its kind',
    [load],
    ['id: load, command: [sh, load.sh], retries: 2, matrix: {k: [1, 2]}'],
    ['~load: command, matrix, retries ←'],
  ],
  ['another file of a script', [load], ['id: load, script: ./other.sh'], ['~load: script ←']],
  [
    'a task says what it was called',
    [load, fit],
    ['id: read, renamed_from: load, script: ./load.sh', 'id: fit, needs: [read], script: ./fit.sh'],
    ['~read was load ←', '~fit: needs ← read'],
  ],
  ['a new name alone is another task', [load], ['id: read, script: ./load.sh'], ['+read ←', '-load ←']],
])('%s', (_what, before, after, expected) => {
  expect(told(before, after)).toEqual(expected)
})

test('what a task said of its pod is told when it says nothing any more, and the other way round', () => {
  const plain = spec([load])
  const [task] = plain.tasks
  if (task === undefined) throw new Error('there is one task')
  const pods = { ...plain, tasks: [{ ...task, pod: { ...plainTaskPod, labels: { team: 'ml' } } }] }
  for (const [before, after] of [
    [plain, pods],
    [pods, plain],
  ] as const)
    expect(graphDiff(before, after)).toMatchObject([{ change: 'changed', changed: ['pod'] }])
})
