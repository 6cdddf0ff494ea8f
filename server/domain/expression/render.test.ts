import { expect, test } from 'vitest'
import { compile } from '../notebook/compile.ts'
import type { Json } from '../json.ts'
import { ExpressionError } from './cel.ts'
import type { ItemFacts, Viewer } from './facts.ts'
import { conditionsHold, renderTask } from './render.ts'

const component = `dagbok: 1
id: c
kind: component
params: {limit: {type: number}}
outputs: {out: "\${{ tasks.inner.outputs.o }}"}
tasks:
  - {id: inner, command: [run, "\${{ params.limit / 2 }}"], outputs: {o: o.csv}}
  - {id: after, needs: [inner], command: [echo, "\${{ tasks.inner.values.n }}"]}
  - {id: each, needs: [inner], matrix: {w: [1, 2]}, command: [each, "\${{ tasks.inner.values.n }}", "\${{ matrix.z }}\${{ matrix.w }}"], inputs: {one: "\${{ tasks.inner.outputs.o }}"}, outputs: {o: o.csv}}
  - {id: all, needs: [each], command: [all, "\${{ tasks.each.values.n }}", "\${{ tasks.each.state }}"], inputs: {every: "\${{ tasks.each.outputs.o }}"}}
`
const text = `dagbok: 1
id: x
params: {rows: {type: integer, default: 3}, go: {type: boolean, default: true}}
tasks:
  - {id: m, matrix: {alpha: [0.1, 1], k: [1, 2]}, command: [fit, "--alpha=\${{ matrix.alpha }}", "\${{ matrix.k * 2 }}"], outputs: {model: m.json}, values: {score: {type: number}}}
  - id: best
    needs: [m]
    if: \${{ params.go && tasks.m.values.score.exists(s, s > 0.5) }}
    command: [best, "\${{ size(tasks.m.values.score) }} of \${{ params.rows }}"]
    env: {LIST: "\${{ tasks.m.values.score }}", PLAIN: 7}
    inputs: {models: "\${{ tasks.m.outputs.model }}", file: ./x.dag.yaml, note: "rows \${{ params.rows }}"}
  - {id: c, needs: [m], uses: ./c.dag.yaml, matrix: {z: [a, b]}, with: {limit: "\${{ params.rows }}"}}
`
const { spec, faults } = compile({
  path: 'x.dag.yaml',
  text,
  readFile: (path) => ({ 'c.dag.yaml': component, 'x.dag.yaml': text })[path] ?? null,
})

const items: Record<string, ItemFacts[]> = {
  m: ['alpha=0.1,k=1', 'alpha=0.1,k=2', 'alpha=1,k=1', 'alpha=1,k=2'].map((key, i) => ({
    key,
    state: 'succeeded',
    values: { score: i / 4 },
  })),
  'c.each': ['z=a,w=1', 'z=a,w=2', 'z=b,w=1', 'z=b,w=2'].map((key, i) => ({
    key,
    state: key === 'z=a,w=2' ? 'failed' : 'succeeded',
    values: { n: i },
  })),
  'c.inner': ['z=a', 'z=b'].map((key, i) => ({ key, state: 'succeeded', values: { n: i } })),
}
function viewer(
  id: string,
  key: string | null = null,
  params: Record<string, Json> = { rows: 3, go: true },
): Viewer {
  const task = spec?.tasks.find((one) => one.id === id)
  if (spec === null || task === undefined) throw new Error(`no task ${id}: ${JSON.stringify(faults)}`)
  const run = {
    id: 'r1',
    dag: 'x',
    version: 'v2',
    channel: '',
    trigger: 'manual',
    logical_date: '',
    interval_start: '',
    interval_end: '',
  }
  return {
    spec,
    task,
    key,
    facts: { params, run, causes: [], task: (name) => ({ state: 'succeeded', items: items[name] ?? [] }) },
  }
}

test('an item sees its own axes, by their types, and only its own', () => {
  const { action, env } = renderTask(viewer('m', 'alpha=1,k=2'), 1, '')
  expect(action).toEqual({ kind: 'command', command: ['fit', '--alpha=1', '4'] })
  expect(env).toMatchObject({
    DAGBOK_MATRIX_ALPHA: '1',
    DAGBOK_MATRIX_K: '2',
    DAGBOK_PARAM_ROWS: '3',
    DAGBOK_PARAM_GO: 'true',
    DAGBOK_TASK: 'm',
    DAGBOK_ATTEMPT: '1',
    DAGBOK_VERSION: 'v2',
    DAGBOK_LOGICAL_DATE: '',
  })
})

test('outside, an expanded task is lists in key order, and its outputs a folder', () => {
  const { action, env, inputs } = renderTask(viewer('best'), 2, '')
  expect(action).toEqual({ kind: 'command', command: ['best', '4 of 3'] })
  expect(env).toMatchObject({ LIST: '[0,0.25,0.5,0.75]', PLAIN: '7', DAGBOK_ATTEMPT: '2' })
  expect(inputs).toEqual({
    models: { kind: 'output', task: 'm', output: 'model', key: null, keys: null, expanded: true },
    file: { kind: 'file', path: 'x.dag.yaml' },
    note: { kind: 'value', value: 'rows 3' },
  })
})

test('a component sees its own params, evaluated outside it, and the equal item of its other tasks', () => {
  expect(renderTask(viewer('c.inner', 'z=a'), 1, '').action).toEqual({
    kind: 'command',
    command: ['run', '1.5'],
  })
  expect(renderTask(viewer('c.inner', 'z=a'), 1, '').env).toMatchObject({
    DAGBOK_PARAM_LIMIT: '3',
    DAGBOK_MATRIX_Z: 'a',
  })
  expect(renderTask(viewer('c.after', 'z=b'), 1, '').action).toEqual({
    kind: 'command',
    command: ['echo', '1'],
  })
})

test('a matrix within a component’s cell: each item sees its cell, and what comes after it in the cell sees those of the cell', () => {
  const each = renderTask(viewer('c.each', 'z=b,w=2'), 1, '')
  expect(each.action).toEqual({ kind: 'command', command: ['each', '1', 'b2'] })
  expect(each.inputs['one']).toMatchObject({ task: 'c.inner', key: 'z=b', keys: null })
  expect(each.env).toMatchObject({ DAGBOK_MATRIX_Z: 'b', DAGBOK_MATRIX_W: '2', DAGBOK_PARAM_LIMIT: '3' })
  const all = renderTask(viewer('c.all', 'z=b'), 1, '')
  expect(all.action).toEqual({ kind: 'command', command: ['all', '[2,3]', 'succeeded'] })
  expect(all.inputs['every']).toMatchObject({ key: null, keys: ['z=b,w=1', 'z=b,w=2'], expanded: true })
  expect(renderTask(viewer('c.all', 'z=a'), 1, '').action).toMatchObject({
    command: ['all', '[0,1]', 'failed'],
  })
})

test('conditions are true or false; anything else is an error that says so', () => {
  expect(conditionsHold(viewer('best'))).toBe(true)
  expect(conditionsHold(viewer('best', null, { rows: 3, go: false }))).toBe(false)
  expect(() => conditionsHold(viewer('best', null, { rows: 3 }))).toThrow(ExpressionError)
})
