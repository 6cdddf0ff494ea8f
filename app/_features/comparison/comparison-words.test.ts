import { expect, test } from 'vitest'
import type { Comparison, MetricRow } from '#server/views/comparison.ts'
import {
  baseFirst,
  changeWords,
  commonPlaces,
  metricsInOrder,
  partsOf,
  placeOf,
  wherePlaceBreaks,
} from './comparison-words.ts'

type Cell = NonNullable<MetricRow['cells'][number]>
const cell = (change: Cell['change'], delta: number | null = null): Cell => ({
  value: 1,
  delta,
  deltaRatio: delta,
  change,
})
const metric = (name: string, ...cells: MetricRow['cells']): MetricRow => ({
  task: 'train',
  key: null,
  was: [],
  name,
  better: 'higher',
  tolerance: null,
  cells: [cell('base'), ...cells],
})

test('a place is the task, the name, and the item where there is one', () => {
  expect(placeOf({ task: 'train', key: 'alpha=1', name: 'loss' })).toBe('train.loss (alpha=1)')
  expect(placeOf({ task: null, key: null, name: 'rows' })).toBe('rows')
})

test('a place breaks after its dots, and not within a name or a figure', () => {
  const row = { task: 'clean.train', key: 'alpha=0.1', name: 'accuracy' }
  expect(placeOf(row).split(wherePlaceBreaks)).toEqual(['clean.', 'train.', 'accuracy (alpha=0.1)'])
})

test.each([
  [cell('better', 0.02664), '▲ +0.0266 · +2.7\u00a0% better'],
  [cell('worse', -0.5), '▼ −0.5 · −50.0\u00a0% worse'],
  [{ ...cell('changed', 2), deltaRatio: null }, '▲ +2 changed'],
  [cell('same', 0.0001), 'within tolerance'],
  [cell('same', 0), 'equal'],
  [cell('base'), ''],
])('%j is said as %s, a figure on one line with its percent sign', (given, words) => {
  expect(changeWords(given)).toBe(words)
})

test('the way to a comparison is what its runs have in common', () => {
  const names = (...dags: string[]) =>
    commonPlaces(
      dags.map((text) => {
        const [team = '', repo = '', dag = ''] = text.split('/')
        return { team, repo, dag }
      }),
    ).map(({ name }) => name)
  expect(names('main/examples/iris', 'main/examples/iris')).toEqual(['main', 'examples', 'iris'])
  expect(names('main/examples/iris', 'main/examples/weather')).toEqual(['main', 'examples'])
  expect(names('main/examples/iris', 'main/other/iris')).toEqual(['main'])
  expect(names('main/examples/iris', 'lab/examples/iris')).toEqual(['DAGs'])
  expect(names()).toEqual(['DAGs'])
})

test('metrics: worse first, then better, larger differences first; what is the same only when all is shown', () => {
  const rows = [
    metric('same', cell('same', 0)),
    metric('little', cell('better', 0.1)),
    metric('much', cell('better', 0.5)),
    metric('bad', cell('worse', -0.1)),
    metric('gone', null),
  ]
  expect(metricsInOrder(rows, true).map((row) => row.name)).toEqual(['bad', 'much', 'little', 'gone'])
  expect(metricsInOrder(rows, false)).toHaveLength(5)
})

test('the base is the first column, its cells with it; the others keep their order', () => {
  const rows = [{ cells: [1, 2, 3] }]
  const data = {
    runs: [{ id: 'a' }, { id: 'b' }, { id: 'c' }],
    base: 'c',
    fields: rows,
    metrics: rows,
    outputs: rows,
    timings: rows,
    versions: [1, 2, 3],
  } as unknown as Comparison
  const first = baseFirst(data)
  expect(first.runs.map((run) => run.id)).toEqual(['c', 'a', 'b'])
  expect([first.fields, first.metrics, first.outputs, first.timings].map((all) => all[0]?.cells)).toEqual(
    Array.from({ length: 4 }, () => [3, 1, 2]),
  )
  expect(first.versions).toEqual([3, 1, 2])
})

test('each part says what differs in it, or that nothing does', () => {
  const data = {
    runs: [{ id: 'a' }, { id: 'b' }],
    fields: [{ same: true }, { same: false }],
    metrics: [metric('m', cell('same', 0))],
    outputs: [
      { task: 't', key: null, name: 'o', path: 'o.csv', kind: 'table', same: false, cells: [{}, {}] },
      { task: 't', key: null, name: 'p', path: 'p.csv', kind: 'table', same: true, cells: [{}, {}] },
    ],
    versions: [null, { files: [{}, {}], graph: { tasks: [{ change: 'changed' }, { change: 'same' }] } }],
  } as unknown as Comparison
  expect(Object.fromEntries(partsOf(data, 'b').map((part) => [part.name, part.differs]))).toEqual({
    Summary: '',
    'Params, values': '1 of 2',
    Metrics: null,
    'o.csv': 'table',
    'p.csv': null,
    Timing: '',
    Code: '2 files',
    Graph: '1 task',
  })
})
