import { expect, test } from 'vitest'
import { compile } from '../notebook/compile.ts'
import { planReuse, type OldItem, type ReuseInput } from './reuse.ts'
import type { TaskRunState } from './states.ts'

function tasksOf(lines: string) {
  const text = `dagbok: 1\nid: x\ntasks:\n${lines}\n`
  const { spec, faults } = compile({ path: 'x.dag.yaml', text, readFile: () => null })
  if (spec === null) throw new Error(JSON.stringify(faults))
  return spec.tasks
}

const item = (state: TaskRunState, more: Partial<OldItem> = {}): OldItem => ({
  key: null,
  index: 0,
  state,
  resultsOf: `of ${state}`,
  item: null,
  mark: null,
  ...more,
})

/** `{a: 'reused', 'm[k=1]': 'again'}` */
function plan(lines: string, old: Record<string, OldItem[]>, more: Partial<ReuseInput> = {}) {
  const planned = planReuse({
    tasks: tasksOf(lines),
    old: new Map(Object.entries(old)),
    changed: () => null,
    chosen: [],
    ...more,
  })
  return Object.fromEntries(
    planned.map(({ task, key, reuse }) => [
      key === null ? task : `${task}[${key}]`,
      reuse === null ? 'again' : reuse.as,
    ]),
  )
}

const chain =
  '  - {id: a, command: [x]}\n  - {id: b, needs: [a], command: [x]}\n  - {id: c, needs: [b], command: [x]}'

test('of a failed run, what succeeded is taken, and what failed runs again with all that comes after', () => {
  expect(plan(chain, { a: [item('succeeded')], b: [item('failed')], c: [item('upstream_failed')] })).toEqual({
    a: 'succeeded',
    b: 'again',
    c: 'again',
  })
})

test('a clean-up that succeeded after a failure runs again with it', () => {
  const tasks = '  - {id: a, command: [x]}\n  - {id: z, needs: [a], trigger_rule: all_done, command: [x]}'
  expect(plan(tasks, { a: [item('failed')], z: [item('succeeded')] })).toEqual({ a: 'again', z: 'again' })
})

test('from a task, and one item of it', () => {
  const all = { a: [item('succeeded')], b: [item('succeeded')], c: [item('succeeded')] }
  expect(plan(chain, all, { chosen: [{ task: 'b', key: null }] })).toEqual({
    a: 'succeeded',
    b: 'again',
    c: 'again',
  })
  const map = '  - {id: m, map: "${{ [1, 2] }}", command: [x]}\n  - {id: z, needs: [m], command: [x]}'
  const items = ['1', '2'].map((key, index) =>
    item(key === '2' ? 'failed' : 'succeeded', { key, index, item: index }),
  )
  expect(plan(map, { m: items, z: [item('upstream_failed')] })).toEqual({
    'm[1]': 'succeeded',
    'm[2]': 'again',
    z: 'again',
  })
  expect(
    plan(
      map,
      { m: items, z: [item('succeeded')] },
      { changed: ({ id }) => (id === 'm' ? 'It changed.' : null) },
    ),
  ).toEqual({
    m: 'again',
    z: 'again',
  })
})

test('a condition that was false stays so while nothing before it changes', () => {
  expect(plan(chain, { a: [item('skipped')], b: [item('skipped')], c: [item('succeeded')] })).toEqual({
    a: 'skipped',
    b: 'skipped',
    c: 'succeeded',
  })
})

test('a mark is believed: what was marked as succeeded is taken without results, as failed runs again', () => {
  const tasks = tasksOf(chain)
  const planned = planReuse({
    tasks,
    old: new Map([
      ['a', [item('failed', { mark: 'succeeded' })]],
      ['b', [item('succeeded', { mark: 'failed' })]],
      ['c', [item('succeeded')]],
    ]),
    changed: () => null,
    chosen: [],
  })
  expect(planned[0]?.reuse).toEqual({ resultsOf: null, as: 'succeeded', marked: true })
  expect(planned.slice(1).map(({ reuse, why }) => [reuse, why])).toEqual([
    [null, 'It was marked as failed.'],
    [null, "'b' runs again."],
  ])
})

test('what needs a set-up brings it and its teardown along; `finally` runs in every run', () => {
  const tasks = `  - {id: make, command: [x], setup_for: [work]}
  - {id: other, needs: [make], command: [x]}
  - {id: work, needs: [make], command: [x]}
  - {id: undo, needs: [work], teardown_for: [make], command: [x]}
  - {id: apart, command: [x]}
  - {id: bye, finally: true, command: [x]}`
  const succeeded = ['make', 'other', 'undo', 'apart', 'bye'].map(
    (id) => [id, [item('succeeded')]] as [string, OldItem[]],
  )
  expect(plan(tasks, Object.fromEntries([...succeeded, ['work', [item('failed')]]]))).toEqual({
    make: 'again',
    other: 'again',
    work: 'again',
    undo: 'again',
    apart: 'succeeded',
    bye: 'again',
  })
})
