import { expect, test } from 'vitest'
import {
  chainGraph,
  checkOrder,
  dagFile,
  fanGraph,
  layeredGraph,
  specOf,
  wideGraph,
  type Graph,
  type TaskInstance,
} from './graphs.ts'

/** A run in which the tasks took a second each, one after the other. */
const inOrder = (graph: Graph): TaskInstance[] =>
  graph.tasks.map(({ name }, i) => ({
    task_id: name,
    state: 'success',
    try_number: 1,
    start_date: new Date(i * 1000).toISOString(),
    end_date: new Date(i * 1000 + 1000).toISOString(),
  }))

const changed = (graph: Graph, name: string, change: Partial<TaskInstance>) =>
  inOrder(graph).map((one) => (one.task_id === name ? { ...one, ...change } : one))

const chain = chainGraph('c', 3, 'true')
const fan = fanGraph('f', 2, 'true')

test('a chain needs the one before, a fan has one task before and one after all others', () => {
  expect(chain.tasks.map(({ needs }) => needs)).toEqual([[], ['t0'], ['t1']])
  expect(fan.tasks).toEqual([
    { name: 'first', needs: [] },
    { name: 't0', needs: ['first'] },
    { name: 't1', needs: ['first'] },
    { name: 'last', needs: ['t0', 't1'] },
  ])
})

test('a wide graph needs nothing; in layers each task needs two of the layer before, itself and its neighbour', () => {
  expect(wideGraph('w', 2, 'true').tasks.map(({ needs }) => needs)).toEqual([[], []])
  const { tasks } = layeredGraph('l', 41, 'true')
  expect(tasks.slice(0, 20).every(({ needs }) => needs.length === 0)).toBe(true)
  expect([tasks[20]?.needs, tasks[39]?.needs, tasks[40]?.needs]).toEqual([
    ['t0', 't1'],
    ['t19', 't0'],
    ['t20', 't21'],
  ])
})

test('the product gets the same graph', () => {
  expect(specOf(chainGraph('c', 2, 'echo "$A"')).split('\n')).toEqual([
    'dagbok: 1',
    'id: c',
    'tasks:',
    String.raw`  - {id: t0, script: {lang: bash, text: "echo \"$A\""}}`,
    String.raw`  - {id: t1, needs: [t0], script: {lang: bash, text: "echo \"$A\""}}`,
    '',
  ])
})

test('a command with quotes, dollars and a backslash comes into the DAG file as a string of Python', () => {
  const command = 'echo "at=$EPOCHREALTIME" \\'
  expect(dagFile(chainGraph('c', 1, command))).toContain(
    String.raw`"command":"echo \"at=$EPOCHREALTIME\" \\"`,
  )
})

test('a run in order is right', () => {
  expect(() => checkOrder(chain, inOrder(chain))).not.toThrow()
  expect(() => checkOrder(fan, inOrder(fan))).not.toThrow()
})

test.each([
  ['failed', chain, changed(chain, 't1', { state: 'failed' }), 'c.t1 is failed, try 1'],
  ['ran twice', chain, changed(chain, 't1', { try_number: 2 }), 'c.t1 is success, try 2'],
  ['never began', chain, changed(chain, 't1', { start_date: null }), 'c.t1 began before t0 was over'],
  [
    'began early',
    fan,
    changed(fan, 'last', { start_date: new Date(2500).toISOString() }),
    'f.last began before t1 was over',
  ],
  ['is not there', chain, inOrder(chain).slice(1), 'c has 2 task instances instead of 3'],
  ['has a stranger instead', chain, changed(chain, 't1', { task_id: 'x' }), 'c.t1 is undefined'],
])('a run is refused when a task %s', (_, graph, instances, reason) => {
  expect(() => checkOrder(graph, instances)).toThrow(reason)
})
