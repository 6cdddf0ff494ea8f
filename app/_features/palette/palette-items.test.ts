import { expect, test } from 'vitest'
import type { DagSummary } from '#server/views/dag.ts'
import { findItems } from './palette-items.ts'

const dag = (name: string, runs: number): DagSummary => ({
  id: name,
  ref: { team: 'main', repo: 'examples', dag: name },
  title: `The ${name}`,
  description: null,
  path: '',
  tags: [],
  owners: [],
  version: null,
  faults: [],
  schedule: [],
  nextTick: null,
  paused: null,
  lastRuns: Array.from({ length: runs }, (_, i) => ({
    id: `${name} ${i + 1}`,
    number: i + 1,
    state: 'succeeded',
    versionNumber: 1,
    duration: 1,
    createdAt: '2026-01-01T00:00:00Z',
  })),
  activeRuns: 0,
  queued: null,
  versions: 1,
})

const names = (typed: string, dags: DagSummary[]) => findItems(typed, dags, []).map((item) => item.name)

test('nothing typed: the pages, then each DAG', () => {
  expect(names('', [dag('iris', 3), dag('weather', 0)])).toEqual(['DAGs', 'Settings', 'iris', 'weather'])
})

test('a name comes before what only holds it', () => {
  expect(names('iris', [dag('big-iris', 0), dag('iris', 1)])[0]).toBe('iris')
})

test('every word must be there: a run is found by DAG and number', () => {
  expect(names('weather run 2', [dag('iris', 9), dag('weather', 3)])).toEqual(['weather: run 2'])
  expect(names('weather nothing', [dag('weather', 3)])).toEqual([])
})

test('of ten thousand items fifty are shown', () => {
  const many = Array.from({ length: 500 }, (_, i) => dag(`d${i}`, 20))
  expect(names('d', many)).toHaveLength(50)
})
